// A pod that an Admin Deny judges tries everything: with the real agent and its guard, in both layouts.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { addressTexts } from '../../../lab/host.ts'
import { AgentLab, type Cell, PORT_80 } from '../../agent/agent-lab.ts'
import { admin, EVERY_NODE, EVERY_POD, EVERYWHERE, onePod, port, to } from '../../situations/cluster/specs.ts'
import type { KubeObject } from '../../situations/fixture.ts'
import { Attack, EXTENSION, extended, fragments, PORT, udp } from './attack.ts'
import { BY_LINK, TO_ALL } from './by-link.ts'
import { BY_PACKET } from './by-packet.ts'
import { ATTACKER, type Denial, type Escape, NEIGHBOUR } from './escape.ts'
import { PROTOCOL } from '../../netlink/nf-tables/frames.ts'

const CELL: Cell = `${ATTACKER} > ${NEIGHBOUR}`
const DENIALS: Readonly<Record<Denial, KubeObject>> = {
  everything: denying([EVERYWHERE]),
  'pods and nodes': denying([EVERY_POD, EVERY_NODE]),
}
const ONE_PORT = denying([EVERYWHERE], [port(PORT, 'udp')])

function denying(peers: readonly KubeObject[], protocols?: readonly KubeObject[]): KubeObject {
  return admin('deny', { subject: onePod(ATTACKER), egress: [to('Deny', peers, protocols)] })
}

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  const escapes = [...BY_PACKET, ...BY_LINK].filter((escape) => (escape.layout ?? layout) === layout)
  let lab: AgentLab
  let attack: Attack
  /** What gets nowhere although nobody denies it: it would show nothing. */
  let lost: string[]

  const send = ({ frames }: Escape): string[] => attack.send((note) => frames(attack, note))

  beforeAll(async () => {
    lab = new AgentLab({ layout, nodes: 2, external: 1 })
    attack = new Attack(lab, ATTACKER)
    lab.write('nodes.json', lab.lab.nodes.map(nodeObject))
    lost = escapes.filter((escape) => send(escape).length === 0).map(({ name }) => name)
    await lab.start()
  })
  afterAll(async () => {
    attack.close()
    await lab.close()
  })

  /** Until it is this policy that denies, and none before it. */
  async function enforce(policy: KubeObject): Promise<void> {
    const probe = { ...PORT_80, protocol: 'UDP', port: PORT } as const
    lab.write('policy.json', [])
    await lab.untilCell(CELL, 'allowed', probe)
    lab.write('policy.json', [policy])
    await lab.untilCell(CELL, 'denied', probe)
  }

  test('without an agent everything gets somewhere', () => {
    expect(lost).toEqual([])
  })

  describe.each(Object.entries(DENIALS))('denied: %s', (denial, policy) => {
    beforeAll(() => enforce(policy))

    test.each(escapes.filter(({ denied }) => (denied ?? denial) === denial))('$name', (escape) => {
      expect(send(escape)).toEqual([])
    })

    test('broadcast and multicast: no pod gets them, and the node only if it is not denied', () => {
      const heard = TO_ALL.map((escape) => [escape.name, send(escape)])
      expect(heard).toEqual(TO_ALL.map(({ name }) => [name, denial === 'everything' ? [] : ['node0']]))
    })
  })

  describe('one port is denied, and no header hides it', () => {
    beforeAll(() => enforce(ONE_PORT))

    const disguises: readonly (readonly [string, 0 | 1, (payload: Buffer) => readonly Buffer[]])[] = [
      ...([0, 1] as const).map((family) => ['fragments', family, (payload: Buffer) => (
        fragments(attack, attack.to(NEIGHBOUR)[family], payload, attack.nextHop(NEIGHBOUR))
      )] as const),
      ...[EXTENSION.hopByHop, EXTENSION.destination, EXTENSION.routing].map((header) => [`extension header ${header}`, 1, (payload: Buffer) => {
        const { protocol, payload: body } = extended([header], PROTOCOL.udp, payload)
        return [attack.packet(attack.to(NEIGHBOUR)[1], body, { protocol, mac: attack.nextHop(NEIGHBOUR) })]
      }] as const),
    ]

    test.each(disguises)('%s', (_, __, frames) => {
      expect(attack.send((note) => frames(udp(note)))).toEqual([])
      expect(attack.send((note) => frames(udp(note, PORT + 1)))).toEqual([lab.pod(NEIGHBOUR).name])
    })
  })
})

function nodeObject(node: AgentLab['lab']['nodes'][number]): KubeObject {
  const addresses = addressTexts(node).map((address) => ({ type: 'InternalIP', address }))
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name }, status: { addresses } }
}
