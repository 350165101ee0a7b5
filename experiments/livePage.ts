/** Where the page of a run is. */
import { UsageError } from '../sim/core/errors.ts';

/** How `--host` is told of, wherever a page is served. */
export const HOST_ABOUT =
  'address to serve on, such as 0.0.0.0 for all; default this machine alone. Beyond it the link carries a token';

/** What whoever serves beyond this machine should know. */
export const HOST_NOTE =
  'whoever has the link can watch and steer, and the connection is not encrypted: across networks use an SSH tunnel or a proxy with TLS';

/** The port that an option names; 0 = any free one. Throws UsageError for anything that is no port. */
export function portOf(text: string | true | undefined): number {
  if (text === undefined || text === true) return 0;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`${text} is not a port`, 'give a number from 1 to 65535, or none for a free port');
  return port;
}
