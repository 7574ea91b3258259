// Numbers of netfilter/nfnetlink.h and netfilter/nf_tables.h, as far as the agent needs them.

export const NETLINK_NETFILTER = 12

/** struct nfgenmsg, which stands between header and attributes. */
export const NFGENMSG_BYTES = 4
export const NFNL_MSG = { BATCH_BEGIN: 16, BATCH_END: 17 } as const

const NFNL_SUBSYS_NFTABLES = 10
/** res_id of BATCH_BEGIN and BATCH_END: whose batch it is. */
export const BATCH_SUBSYSTEM = NFNL_SUBSYS_NFTABLES

/** Message types, with the subsystem. */
export const NFT_MSG = {
  NEWTABLE: 0xa00,
  GETTABLE: 0xa01,
  DELTABLE: 0xa02,
  NEWCHAIN: 0xa03,
  GETCHAIN: 0xa04,
  NEWRULE: 0xa06,
  GETRULE: 0xa07,
  NEWSET: 0xa09,
  GETSET: 0xa0a,
  NEWSETELEM: 0xa0c,
  GETSETELEM: 0xa0d,
  DELSETELEM: 0xa0e,
  GETGEN: 0xa10,
  NEWOBJ: 0xa12,
  GETOBJ: 0xa13,
  DELOBJ: 0xa14,
} as const

/** NFPROTO_*. */
export const FAMILY = { inet: 1, bridge: 7 } as const
export const NFPROTO_IPV4 = 2
export const NFPROTO_IPV6 = 10

export const HOOK = { prerouting: 0, input: 1, forward: 2 } as const

export const TABLE_FLAG = { owner: 2, persist: 4 } as const
export const SET_FLAG = { interval: 4, map: 8, object: 64, concat: 128 } as const
export const ELEMENT_INTERVAL_END = 1
export const OBJECT_COUNTER = 1

export const TABLE = { NAME: 1, FLAGS: 2, HANDLE: 4, OWNER: 7 } as const
export const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7 } as const
export const CHAIN_HOOK = { NUM: 1, PRIORITY: 2 } as const
export const RULE = { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4, USERDATA: 7 } as const
export const SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LENGTH: 5,
  DATA_TYPE: 6,
  DATA_LENGTH: 7,
  DESCRIPTION: 9,
  ID: 10,
  USERDATA: 13,
  OBJECT_TYPE: 15,
  HANDLE: 16,
} as const
export const SET_DESCRIPTION_CONCAT = 2
export const SET_FIELD_LENGTH = 1
export const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3 } as const
export const ELEMENT = { KEY: 1, DATA: 2, FLAGS: 3, OBJECT: 9, KEY_END: 10 } as const
export const DATA = { VALUE: 1, VERDICT: 2 } as const
export const VERDICT = { CODE: 1, CHAIN: 2 } as const
export const OBJECT = { TABLE: 1, NAME: 2, TYPE: 3, DATA: 4, USERDATA: 8 } as const
/** Type of a comment in the userdata of rules and objects (libnftnl/udata.h). */
export const USERDATA_COMMENT = 0
export const COUNTER = { BYTES: 1, PACKETS: 2 } as const
export const GENERATION_ID = 1
export const LIST_ITEM = 1

export const VERDICT_CODE = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 } as const
