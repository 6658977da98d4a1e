/**
 * A platform of one cell in an account: its stacks in the fake of CloudFormation, its tables and its runtime on this machine, and a
 * shop in the place of routers and services, which keeps what it was asked. What is deployed there decides how it answers.
 */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest } from '@jest/globals';
import { announce } from '../../cell/functions/address-book.ts';
import { ARBITER_TABLE } from '../../cell/store/table-layout.ts';
import { assemblyShelf } from '../../cli/aws/assembly-shelf.ts';
import type { CloudDesk } from '../../cli/aws/cloud-desk.ts';
import { openCloudDesk } from '../../cli/aws/open-cloud-desk.ts';
import { planDeploy } from '../../control/deploy/deploy-plan.ts';
import { cellStackName, TAGS } from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import { AwsWorld, CELL, CLOCK, EAST, WEST } from '../cli/aws-world.ts';
import { type CliRun, cli, fakeServices } from '../cli/fake-cli.ts';
import { slowClock } from '../doubles/slow-clock.ts';
import { writeAssembly } from './assembly-fixture.ts';
import { CREDENTIALS } from './aws-request.ts';
import { FakeAws } from './fake-aws.ts';

export interface ShopCall {
  readonly region: RegionName;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Every answer of this release is a failure. */
export const BAD_RELEASE = 'r-bad';
/** The operator's: steps last seconds, and a machine that is busy needs some room in them. */
export const OPERATOR_CLOCK = slowClock(2);
const REGIONS = [EAST, WEST];

export class RolloutWorld {
  readonly cloud = new FakeAws();
  readonly cells = new AwsWorld();
  readonly asked: ShopCall[] = [];
  readonly #shops = new Map<RegionName, Server>();

  /** Up and deployed with r1; r1, r2 and the bad release are synthesised. */
  async start(): Promise<this> {
    Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: await this.cloud.start() });
    this.cloud.bootstrap(...REGIONS);
    const plan = planDeploy(this.cells.topology);
    for (const release of ['r1', 'r2', BAD_RELEASE]) writeAssembly(this.assembly(release), plan, { release });
    await this.cells.start();
    this.cells.reply = ({ region, path }) =>
      path.includes('/functions/holdfast-router/url')
        ? { status: 200, body: { FunctionUrl: `${this.#url(region)}/` } }
        : null;
    for (const region of REGIONS) this.#shops.set(region, await this.#shop(region));
    await this.#announce();
    await this.#deploy('r1');
    return this;
  }

  async stop(): Promise<void> {
    for (const shop of this.#shops.values()) {
      shop.closeAllConnections();
      shop.close();
    }
    await this.cells.stop();
    await this.cloud.stop();
  }

  run(line: string): Promise<CliRun> {
    const desk = async () => this.#desk();
    const services = fakeServices({
      clock: OPERATOR_CLOCK,
      topology: async () => this.cells.topology,
      aws: () => this.cells.site({ desk, clock: OPERATOR_CLOCK }),
    });
    return cli(`${line} --target aws`, services);
  }

  assembly(release: string): string {
    return join(this.cells.stateDir, 'synthesised', release);
  }

  /** What CloudFormation was told to do since the last question, by region. */
  operations(): readonly (readonly string[])[] {
    return REGIONS.map((region) => this.cloud.cloudFormation(region).operations.splice(0));
  }

  /** Of the cell's stack. */
  releaseIn(region: string): string | undefined {
    const tags = this.cloud.cloudFormation(region).stacks.get(cellStackName(CELL, region))?.tags;
    return (tags as readonly { readonly Key: string; readonly Value: string }[] | undefined)?.find(
      ({ Key }) => Key === TAGS.release,
    )?.Value;
  }

  get holder(): RegionName {
    return this.cells.cells.get(EAST)?.runtime.standing().state === 'active' ? EAST : WEST;
  }

  #desk(): CloudDesk {
    const { topology, stateDir } = this.cells;
    return openCloudDesk({ topology, clock: OPERATOR_CLOCK, rootDir: process.cwd(), shelf: assemblyShelf(stateDir) });
  }

  async #deploy(release: string): Promise<void> {
    const request = { cell: null, region: null, assemblyDir: this.assembly(release) };
    const prepared = await this.#desk().prepareDeploy(request);
    const nothing = () => undefined;
    const { outcomes } = await prepared.run({
      onStep: nothing,
      onProgress: nothing,
      onNote: nothing,
      onOutcome: nothing,
    });
    await prepared.close();
    const bad = outcomes.find(({ result }) => result !== 'created');
    if (bad) throw new Error(`${bad.step.stack}: ${bad.result} ${bad.detail}`);
  }

  /** As keepers do. */
  async #announce(): Promise<void> {
    const arbiter = await this.cells.table('arbiter', ARBITER_TABLE);
    for (const region of REGIONS) {
      const url = this.#url(region);
      const address = { cell: CELL, region, urls: { cart: url, catalog: url, checkout: url }, release: 'r1' };
      await announce(arbiter, address, { deadlineAtMs: CLOCK.monotonicMs() + 5_000 });
    }
  }

  #url(region: string): string {
    const found = [...this.#shops].find(([name]) => name === region);
    if (!found) throw new RangeError(`No shop stands in ${region}.`);
    return `http://127.0.0.1:${(found[1].address() as AddressInfo).port}`;
  }

  /** A signature is for a function of this region; a tenant's token for the router, which goes to whoever holds the cell. */
  async #shop(region: RegionName): Promise<Server> {
    const server = createServer(({ url: path = '/', headers }, response) => {
      const json = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (path.startsWith('/_holdfast/explain')) return json(200, { cell: CELL });
      this.asked.push({ region, path, headers });
      const serving = headers.authorization?.startsWith('Bearer ') ? this.holder : region;
      if (this.releaseIn(serving) === BAD_RELEASE) return json(500, { code: 'INTERNAL' });
      json(200, {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }
}

/** The world of one suite: up before its tests, down after them, and after each asked whether a call came that nobody scripted. */
export function worldOfSuite(): RolloutWorld {
  // The toolkit is loaded once; a rollout that ends well has a trial of ten seconds in it.
  jest.setTimeout(300_000);
  const world = new RolloutWorld();
  beforeAll(() => world.start());
  afterAll(() => world.stop());
  afterEach(() => {
    expect(world.cloud.unknown).toEqual([]);
  });
  return world;
}
