/** Addresses to listen on: the one by which others know this machine, and why one cannot be used. */
import { networkInterfaces } from 'node:os';
import { EnvironmentError, UsageError } from '../sim/core/errors.ts';

/** An address by which other machines may know this one. */
export function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}

/** What is said when a port cannot be listened on: UsageError or EnvironmentError. */
export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new UsageError(
        `port ${port} on ${host} is already in use`,
        'name another port, or none for a free one',
        { cause },
      );
    case 'EACCES':
      return new UsageError(`port ${port} may not be used by this user`, 'name a port above 1023', { cause });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UsageError(`this machine has no address '${host}' to serve on`, 'use 127.0.0.1', { cause });
    default:
      return new EnvironmentError(`cannot serve on ${host}:${port}: ${cause.message}`, '', { cause });
  }
}
