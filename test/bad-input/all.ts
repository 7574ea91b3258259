// Every case of bad input.
import type { BadInput } from './case.ts'
import { EXTREMES } from './extremes.ts'
import { PEERS } from './peers.ts'
import { POLICIES } from './policies.ts'
import { TEXT } from './text.ts'

export const BAD_INPUTS: readonly BadInput[] = [...TEXT, ...POLICIES, ...PEERS, ...EXTREMES]
