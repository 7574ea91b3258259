// Numbers of linux/rtnetlink.h, if_link.h, if_addr.h and neighbour.h, as far as the agent needs them.

export const NETLINK_ROUTE = 0

export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
} as const

/** Multicast groups; bind(2) takes them as a mask of 1 << (group - 1). */
export const RTNLGRP = { LINK: 1, NEIGH: 3, IPV4_ROUTE: 7, IPV6_ROUTE: 11 } as const

export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_BRIDGE = 7
export const AF_INET6 = 10

export const IFLA = { IFNAME: 3, LINK: 5, MASTER: 10, LINKINFO: 18, EXT_MASK: 29, LINK_NETNSID: 37 } as const
export const IFLA_INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4 } as const
export const IFLA_VXLAN_PORT = 15
export const IFLA_GENEVE_PORT = 5
export const IFF_UP = 1
/** Leaves the counters out of link messages: they are most of the bytes. */
export const RTEXT_FILTER_SKIP_STATS = 8

export const IFA = { ADDRESS: 1, LOCAL: 2, TARGET_NETNSID: 10 } as const

export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, TABLE: 15 } as const
export const RTN_UNICAST = 1
export const RTM_F_CLONED = 0x200

export const NDA = { DST: 1, LLADDR: 2, MASTER: 9 } as const
/** Neighbour states that matter here. NOARP is multicast and the like; of a bridge's entries PERMANENT are its ports' own. */
export const NUD = { INCOMPLETE: 0x01, FAILED: 0x20, NOARP: 0x40, PERMANENT: 0x80 } as const
