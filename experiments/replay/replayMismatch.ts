/** Where a replay found that chain and ledger part. */
import { DarwinError, EXIT } from '../../sim/core/errors.ts';
import type { Difference, EntryDifference } from './comparison.ts';

/** What a tick did that the ledger did not. Exit code 1. */
export class ReplayMismatchError extends DarwinError {
  readonly code = 'replay-mismatch';
  readonly exitCode = EXIT.checkFailed;
  readonly mismatch: Mismatch;

  constructor(mismatch: Mismatch, message: string) {
    super(message, 'the journal was changed after the run, or the contracts disagree with the ledger');
    this.mismatch = mismatch;
  }
}

/** Where chain and ledger part. */
export interface Mismatch {
  readonly tick: number;
  /** Accounts whose balances differ after the tick; none where the tick could not be settled at all. */
  readonly accounts: readonly Difference[];
  /** Why the contracts refused the tick; null where they settled it. */
  readonly reverted: string | null;
  /** The first entry that was recorded otherwise than the engine makes it. */
  readonly entry: EntryDifference | null;
}
