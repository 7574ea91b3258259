// ipBlocks in every spelling that an API server stores, now or once upon a time: in force, or denied and said so.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { isDeepStrictEqual } from 'node:util'
import { until } from '../../../lab/patience.ts'
import type { Family } from '../../../src/cluster/address.ts'
import type { ApiObject } from '../resource-path.ts'
import { Stage } from './stage.ts'

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 2 })
  await stage().addNamespace('shop')
  for (const [index, pod] of stage().lab.pods.entries()) await stage().addPod(pod, { namespace: 'shop', labels: { app: `app${index}` } })
  stage().startAgents()
  await stage().enforcing()
})
/** Everybody gets in, as by no block below. */
beforeEach(async () => {
  for (const agent of stage().agents) agent.hear()
  await stage().server.admin.apply(policy({ cidr: '0.0.0.0/0' }, { cidr: '::/0' }))
  await expectReached(ALL, ALL)
})
afterAll(() => state.stage?.close())

interface Block {
  readonly cidr: string
  readonly except?: readonly string[]
}

/** Lets blocks into pod0-0. */
function policy(...blocks: readonly Block[]): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'block' },
    spec: { podSelector: { matchLabels: { app: 'app0' } }, ingress: [{ from: blocks.map((ipBlock) => ({ ipBlock })) }], policyTypes: ['Ingress'] },
  }
}

const NOBODY: readonly string[] = []
/** 10.244.1.10, fd00:10:244:1::a */
const ONE = ['pod1-0']
const NODE1 = ['pod1-0', 'pod1-1']
const ALL = ['pod0-1', 'pod1-0', 'pod1-1']

/** Stored today: what each spelling lets in, by IPv4 and by IPv6. */
const STORED: readonly [Block, readonly string[], readonly string[]][] = [
  [{ cidr: '10.244.1.10/32' }, ONE, NOBODY],
  [{ cidr: '10.244.1.77/24' }, NODE1, NOBODY], // host bits
  [{ cidr: '10.244.001.010/32' }, ONE, NOBODY], // leading zeros are decimal
  [{ cidr: '010.244.001.000/24' }, NODE1, NOBODY],
  [{ cidr: '10.244.1.0/024' }, NODE1, NOBODY],
  [{ cidr: '10.244.1.10/00032' }, ONE, NOBODY],
  [{ cidr: '00000.0.0.0/0' }, ALL, NOBODY],
  [{ cidr: '::ffff:10.244.1.10/128' }, ONE, NOBODY], // IPv4-mapped: IPv4
  [{ cidr: '::ffff:10.244.1.7/120' }, NODE1, NOBODY],
  [{ cidr: '::ffff:010.244.001.000/120' }, NODE1, NOBODY],
  [{ cidr: '::FFFF:0af4:0100/120' }, NODE1, NOBODY],
  [{ cidr: '0:0:0:0:0:ffff:af4:10a/128' }, ONE, NOBODY],
  [{ cidr: '::ffff:0.0.0.0/96' }, ALL, NOBODY],
  [{ cidr: '::10.244.1.0/120' }, NOBODY, NOBODY], // not mapped, but IPv6
  [{ cidr: 'fd00:10:244:1::77/64' }, NOBODY, NODE1],
  [{ cidr: 'FD00:0010:0244:0001:0000:0000:0000:000A/128' }, NOBODY, ONE],
  [{ cidr: 'fd00:10:244:1::0.0.0.10/128' }, NOBODY, ONE],
  [{ cidr: 'fd00:10:244:1::000.000.000.010/0128' }, NOBODY, ONE],
  [{ cidr: '::/0' }, NOBODY, ALL],
  [{ cidr: '10.244.0.0/16', except: ['010.244.001.000/24'] }, ['pod0-1'], NOBODY],
  [{ cidr: '10.244.0.0/16', except: ['::ffff:10.244.1.10/128'] }, ['pod0-1', 'pod1-1'], NOBODY],
  [{ cidr: '::ffff:10.244.0.0/112', except: ['::ffff:10.244.1.0/120'] }, ['pod0-1'], NOBODY],
  [{ cidr: '10.244.1.77/16', except: ['10.244.1.77/24'] }, ['pod0-1'], NOBODY],
  [{ cidr: '0.0.0.0/0', except: ['0.0.0.0/1', '128.0.0.0/1'] }, NOBODY, NOBODY],
]

/** Stored today, although such a block holds all of IPv4 and a part of IPv6. */
const UNCLEAR = ['::ffff:10.244.1.0/24', '::ffff:0:0/95']

/** Refused today; what an older API server has stored may hold it all the same. */
const REFUSED = [
  '10.244.1.0/33', '10.244.1.10', '10.244.1/24', ' 10.244.1.0/24', '10.244.1.0/24 ', '10.244.1.0/-1', '10.244.1.0/+24', '10.244.1.0/',
  '0xa.244.1.0/24', '10.244.1.0/255.255.255.0', 'fd00::%eth0/64', '::/129', 'pods', '0/0', '10.244.1.0/24/24',
]

const REFUSED_EXCEPTS: readonly [string, readonly string[]][] = [
  ['10.243.0.0/24', ALL],
  ['10.244.0.0/16', NOBODY],
  ['10.0.0.0/8', NOBODY],
  ['fd00::/64', NOBODY],
  ['10.244.1.0/33', NOBODY],
]

test.each(STORED)('%j', async (block, ipv4, ipv6) => {
  await stage().server.admin.apply(policy(block))
  await expectReached(ipv4, ipv6)
})

test.each(UNCLEAR)('%s lets nobody in, and is reported', async (cidr) => {
  await stage().server.admin.apply(policy({ cidr }))
  await expectReached(NOBODY, NOBODY)
  await expectReported('cidr')
})

test.each(REFUSED)('"%s" is refused; where it is stored it lets nobody in, and is reported', async (cidr) => {
  await expectRefused({ cidr })
  await stage().server.storeUnchecked(policy({ cidr }))
  await expectReached(NOBODY, NOBODY)
  await expectReported('cidr')
  await stage().server.admin.apply(policy({ cidr: '10.244.1.10/32' }))
  await expectReached(ONE, NOBODY)
})

test.each(REFUSED_EXCEPTS)('10.244.0.0/16 except "%s" is refused; where it is stored it lets in: %j', async (except, ipv4) => {
  const block = { cidr: '10.244.0.0/16', except: [except] }
  await expectRefused(block)
  await stage().server.storeUnchecked(policy(block))
  await expectReached(ipv4, NOBODY)
  await expectReported('except[0]')
})

async function expectRefused(block: Block): Promise<void> {
  await expect(stage().server.admin.apply(policy(block))).rejects.toMatchObject({ status: 422 })
}

async function expectReported(field: string): Promise<void> {
  await stage().agents[0]!.says(`NetworkPolicy shop/block: spec.ingress[0].from[0].ipBlock.${field} `)
}

async function expectReached(ipv4: readonly string[], ipv6: readonly string[]): Promise<void> {
  const expected = { 4: ipv4, 6: ipv6 }
  const measured = () => ({ 4: reaching(4), 6: reaching(6) })
  await until(() => isDeepStrictEqual(measured(), expected), () => `${JSON.stringify(expected)}; there is ${JSON.stringify(measured())}`)
}

function reaching(family: Family): string[] {
  const { lab: { pods: [server, ...clients] }, prober } = stage()
  const cells = prober.judge(clients.map((from) => ({ from, to: server!, probe: { protocol: 'TCP', port: 80, family } })))
  return cells.filter(({ verdict }) => verdict === 'allowed').map(({ from: { name } }) => name)
}
