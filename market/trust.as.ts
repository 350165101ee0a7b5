// What a contract is to its seller: trust.ts, its specification; a part of clearing.as.ts.
import { MAX, column, parameter, at, put, least, mulHigh } from './descriptor.as';
import {
  CASH, STAKE, BILL, REPUTATION, REGISTERED, CONTRACTED, BREACHED, CONTRACT_CASH, CONTRACT_BILL, COURT_BILL,
  UNSTAKE_AMOUNT, TRUST_TOTAL, REGISTRATION_FEE, STAKE_PER_UNIT, EFFORT, SIDE_GAIN, REPUTATION_GAIN,
  REPUTATION_LOSS, LEGAL, PROGRAMMATIC, TRUST_REGISTRATIONS, addTo,
} from './clearingPlaces.as';

@inline export function canRegister(i: usize): bool {
  if (load<u32>(column(REGISTERED) + i) == 1) return true;
  return at(column(CASH), i) >= at(column(BILL), i) + parameter(REGISTRATION_FEE);
}

// Of `wanted` units, those that an agent may sell.
@inline export function sellable(regime: u64, i: usize, wanted: u64): u64 {
  if (regime == LEGAL) return canRegister(i) ? wanted : 0;
  const unit = parameter(STAKE_PER_UNIT);
  if (regime != PROGRAMMATIC || unit == 0) return wanted;
  const staked = at(column(STAKE), i);
  const asked = at(column(UNSTAKE_AMOUNT), i);
  const free = staked < asked ? 0 : staked - asked;
  return wanted * unit <= free ? wanted : free / unit;
}

export function register(i: usize): void {
  const registered = column(REGISTERED) + i;
  if (load<u32>(registered) == 1) return;
  store<u32>(registered, 1);
  addTo(column(TRUST_TOTAL), TRUST_REGISTRATIONS, 1);
  addToBill(column(COURT_BILL), i, parameter(REGISTRATION_FEE));
}

@inline export function addToBill(part: usize, i: usize, amount: u64): void {
  const bill = column(BILL);
  put(part, i, least(MAX, at(part, i) + amount));
  put(bill, i, least(MAX, at(bill, i) + amount));
}

// Books what the seller of `units` did; returns what consumers, who have `money`, pay for it as a side gain.
@inline export function perform(i: usize, units: u64, defaulted: bool, money: u64): u64 {
  const reputation = column(REPUTATION);
  const standing = at(reputation, i);
  put(column(CONTRACTED), i, units);
  if (!defaulted) {
    addToBill(column(CONTRACT_BILL), i, parameter(EFFORT) * units);
    put(reputation, i, standing + mulHigh(MAX - standing, parameter(REPUTATION_GAIN)));
    return 0;
  }
  const cash = column(CASH);
  const contractCash = column(CONTRACT_CASH);
  const gain = least(parameter(SIDE_GAIN) * units, money);
  put(column(BREACHED), i, units);
  put(cash, i, at(cash, i) + gain);
  put(contractCash, i, at(contractCash, i) + gain);
  put(reputation, i, standing - mulHigh(standing, parameter(REPUTATION_LOSS)));
  return gain;
}
