// Empties the connection table of a namespace, through ctnetlink: quicker than starting `conntrack -F`.
import { closeSync } from 'node:fs'
import { AF_NETLINK, recv, send, SOCK_RAW, socket } from '../src/netlink/libc.ts'
import { inNamespace } from './namespace.ts'

const NETLINK_NETFILTER = 12
// linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h: NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
const CT_DELETE = (1 << 8) | 2
const NLM_F_REQUEST_ACK = 1 | 4

/** Deletes every entry of both families. @throws Error when the kernel refuses */
export function flushConntrack(namespace: string): void {
  const fd = inNamespace(namespace, () => socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER))
  try {
    const request = Buffer.alloc(20) // nlmsghdr, nfgenmsg: without a tuple or filter the whole table is meant
    request.writeUInt32LE(request.length, 0)
    request.writeUInt16LE(CT_DELETE, 4)
    request.writeUInt16LE(NLM_F_REQUEST_ACK, 6)
    send(fd, request)
    const answer = Buffer.alloc(256)
    recv(fd, answer)
    const error = answer.readInt32LE(16)
    if (error !== 0) throw new Error(`flush of conntrack in ${namespace}: errno ${-error}`)
  } finally {
    closeSync(fd)
  }
}
