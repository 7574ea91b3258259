// Bad input: peers and ports, odd and extreme ones.
import { type BadInput, INTO_A, ingressToA } from './case.ts'

const P = 'NetworkPolicy x/p (case.yaml#1)'
const NO_PEER = /this peer matches nothing/
const NO_PORT = /this port matches nothing/
const FROM = 'spec.ingress[0].from[0]'
const PORT = 'spec.ingress[0].ports[0]'
const FROM_B = 'x/b > x/a TCP 80'
const FROM_C = 'y/c > x/a TCP 80'

/** One ingress rule of x/a with this peer, and one problem at it. */
function badPeer(name: string, peer: string, field: string, message: RegExp = NO_PEER): BadInput {
  return { name, text: ingressToA(`[{from: [${peer}]}]`), problems: [[P, FROM + field, message]], closed: INTO_A }
}

function badPort(name: string, port: string, field: string, message: RegExp = NO_PORT): BadInput {
  return { name, text: ingressToA(`[{ports: [${port}]}]`), problems: [[P, PORT + field, message]], closed: INTO_A }
}

/** A block that reads without a problem. */
function oddBlock(name: string, block: string, open: readonly string[], closed: readonly string[]): BadInput {
  return { name, text: ingressToA(`[{from: [{ipBlock: ${block}}]}]`), open, closed }
}

export const PEERS: readonly BadInput[] = [
  badPeer('an empty peer', '{}', '', /must specify a peer: this peer/),
  badPeer('a peer that is nothing', 'null', ''),
  badPeer('a misspelt peer', '{podSelectors: {}}', '.podSelectors'),
  badPeer('a block beside a selector', '{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}', ''),
  badPeer('In without values', '{podSelector: {matchExpressions: [{key: app, operator: In}]}}', '.podSelector.matchExpressions[0].values'),
  badPeer(
    'Exists with values',
    '{podSelector: {matchExpressions: [{key: app, operator: Exists, values: [b]}]}}',
    '.podSelector.matchExpressions[0].values',
  ),
  badPeer(
    'NotIn with a number',
    '{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [1]}]}}',
    '.podSelector.matchExpressions[0].values[0]',
  ),
  badPeer('a namespace selector that is a name', '{namespaceSelector: y}', '.namespaceSelector'),
  badPeer('an address for a CIDR', '{ipBlock: {cidr: 10.0.0.2}}', '.ipBlock.cidr'),
  badPeer('a CIDR of 33 bits', '{ipBlock: {cidr: 10.0.0.0/33}}', '.ipBlock.cidr'),
  badPeer('a CIDR of 129 bits', '{ipBlock: {cidr: "fd00::/129"}}', '.ipBlock.cidr'),
  badPeer('a CIDR with 256', '{ipBlock: {cidr: 10.0.0.256/24}}', '.ipBlock.cidr'),
  badPeer('a CIDR of a name', '{ipBlock: {cidr: example.com/24}}', '.ipBlock.cidr'),
  badPeer('a CIDR in other digits', '{ipBlock: {cidr: １０.0.0.0/8}}', '.ipBlock.cidr'),
  badPeer('no CIDR', '{ipBlock: {}}', '.ipBlock.cidr', /^missing: this peer/),
  badPeer(
    'an except of the other family',
    '{ipBlock: {cidr: 10.0.0.0/8, except: ["fd00::/8"]}}',
    '.ipBlock.except[0]',
    /another IP family/,
  ),
  badPeer('an except that is no CIDR', '{ipBlock: {cidr: 10.0.0.0/8, except: [b]}}', '.ipBlock.except[0]'),
  badPeer('an except of everything', '{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}', '.ipBlock.except[0]', /excepts the whole cidr/),
  badPeer('a misspelt except', '{ipBlock: {cidr: 10.0.0.0/8, exept: [10.0.0.2/32]}}', '.ipBlock.exept'),
  {
    ...badPeer('an except outside', '{ipBlock: {cidr: 10.0.0.2/32, except: [11.0.0.0/8]}}', '.ipBlock.except[0]', /nothing is excepted/),
    open: [FROM_B],
    closed: [FROM_C],
  },
  oddBlock('a CIDR with host bits', '{cidr: 10.0.0.3/31}', [FROM_B, FROM_C], ['y/d > x/a TCP 80']),
  oddBlock('a CIDR with leading zeros', '{cidr: 010.000.000.002/32}', [FROM_B], [FROM_C]),
  oddBlock('an IPv4 CIDR in IPv6', '{cidr: "::ffff:10.0.0.0/104", except: ["::ffff:10.0.0.3/128"]}', [FROM_B], [FROM_C]),
  oddBlock('all of IPv6 is none of IPv4', '{cidr: "::/0"}', [], INTO_A),
  oddBlock('the whole of IPv4', '{cidr: 0.0.0.0/0, except: [128.0.0.0/1]}', [FROM_B, FROM_C], ['203.0.113.7 > x/a TCP 80']),
  {
    name: 'one bad peer of three',
    text: ingressToA('[{from: [{}, {podSelector: {}}, {ipBlock: {cidr: nonsense}}]}]'),
    problems: [[P, FROM, NO_PEER], [P, 'spec.ingress[0].from[2].ipBlock.cidr', NO_PEER]],
    open: [FROM_B],
    closed: [FROM_C],
  },
  badPort('port 0', '{port: 0}', '.port'),
  badPort('port 65536', '{port: 65536}', '.port'),
  badPort('half a port', '{port: 80.5}', '.port'),
  badPort('a port in quotes', '{port: "80"}', '.port', /a number in quotes is taken for a name/),
  badPort('a name of 16 characters', '{port: sixteen-letters-}', '.port'),
  badPort('a name in capitals', '{port: WEB}', '.port'),
  badPort('endPort below port', '{port: 80, endPort: 79}', '.endPort', /79 is below port 80/),
  badPort('endPort without port', '{endPort: 80}', '.endPort'),
  badPort('endPort after a name', '{port: web, endPort: 80}', '.endPort'),
  badPort('endPort 70000', '{port: 80, endPort: 70000}', '.endPort'),
  badPort('a protocol in small letters', '{port: 80, protocol: tcp}', '.protocol'),
  badPort('a protocol that policies do not know', '{protocol: ICMP}', '.protocol'),
  badPort('a misspelt endPort', '{port: 80, endport: 90}', '.endport'),
  { name: 'a name that no pod has', text: ingressToA('[{ports: [{port: metrics}]}]'), closed: INTO_A },
  { name: 'a name in another protocol', text: ingressToA('[{ports: [{port: web, protocol: UDP}]}]'), closed: INTO_A },
]
