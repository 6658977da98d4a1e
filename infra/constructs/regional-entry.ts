/**
 * The function of the global entry where there is no edge router: a read that one region's router can't answer is asked of
 * another one's. CloudFront repeats GET, HEAD and OPTIONS only; a write that failed is the client's to repeat, with its
 * idempotency key. Source: CloudFront developer guide, "Helper methods for origin modification".
 */
export function regionalEntry(originIds: readonly string[]): string {
  // An origin group has two members: the router that is asked first, and the next one.
  const members = originIds.slice(0, 2).map((originId) => ({ originId }));
  return `import cf from 'cloudfront';
function handler(event) {
  try {
    cf.createRequestOriginGroup({
      originIds: ${JSON.stringify(members)},
      failoverCriteria: { statusCodes: [500, 502, 503, 504] },
    });
  } catch (error) {
    // The request then goes to the default origin, as if this function did not exist.
  }
  return event.request;
}
`;
}
