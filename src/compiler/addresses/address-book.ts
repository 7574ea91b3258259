// The addresses of the cluster, and the pods that say they are theirs. The one place where an address is looked up.
import { type Address, type Family, familyOf } from '../../cluster/address.ts'
import type { Member, PodRecord } from '../model.ts'
import { AddressIndex } from './address-index.ts'
import { type Owner, ownerOf } from './ownership.ts'

/** Nearly all addresses have none: a list of its own for each would be a tenth of all memory. */
const NO_RIVALS: readonly PodRecord[] = []

export class AddressBook {
  /** Addresses that several pods have the same right to. */
  readonly contested = new Set<Address>()
  readonly #indexes: Readonly<Record<Family, AddressIndex>> = { 4: new AddressIndex(), 6: new AddressIndex() }

  of(family: Family): AddressIndex {
    return this.#indexes[family]
  }

  /** The pods that claim an address. */
  claims(address: Address): readonly PodRecord[] {
    const member = this.#indexOf(address).get(address)
    return member === undefined ? [] : claimsOn(member)
  }

  /** The member of an address; a new one if it has none. */
  member(address: Address): Member {
    const known = this.#indexOf(address).get(address)
    if (known !== undefined) return known
    const member: Member = { address, claim: undefined, rivals: NO_RIVALS, group: undefined, atom: undefined, class: undefined }
    this.#indexOf(address).add(member)
    return member
  }

  /** Replaces one claim on an address by another. @returns its member */
  claim(address: Address, before: PodRecord | undefined, now: PodRecord | undefined): Member {
    const member = this.member(address)
    const claims = claimsOn(member).filter((claim) => claim !== before)
    if (now !== undefined) claims.push(now)
    const [first, ...rivals] = claims
    member.claim = first
    member.rivals = rivals.length === 0 ? NO_RIVALS : rivals
    return member
  }

  /** The pod that has the address, and notes whether it is contested. */
  ownerOf(member: Member): Owner {
    const owner = ownerOf(claimsOn(member))
    if (owner === 'contested') this.contested.add(member.address)
    else this.contested.delete(member.address)
    return owner
  }

  /** Forgets a member of which no pod and no node is left. */
  forget(member: Member): void {
    this.#indexOf(member.address).delete(member)
  }

  #indexOf(address: Address): AddressIndex {
    return this.#indexes[familyOf(address)]
  }
}

function claimsOn({ claim, rivals }: Member): PodRecord[] {
  return claim === undefined ? [] : [claim, ...rivals]
}
