// Numbers of linux/netlink.h, which all families share.

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3 } as const
export const NLM_F = { REQUEST: 1, ACK: 4, ECHO: 8, DUMP_INTR: 0x10, DUMP: 0x300, CREATE: 0x400, APPEND: 0x800 } as const
