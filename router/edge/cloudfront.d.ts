/** The part of the module that CloudFront Functions (runtime 2.0) provide which is used here. */
declare module 'cloudfront' {
  interface KeyValueStore {
    /** Rejects when there is no such key. */
    get(key: string): Promise<string>;
  }
  const cf: {
    /** The store that is associated with the function. */
    kvs(): KeyValueStore;
    /** Sends this request to another origin of the distribution. Throws when there is none of that id. */
    selectRequestOriginById(originId: string): void;
  };
  export default cf;
}
