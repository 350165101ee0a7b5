/** What every answer of the server has, and the answer where something fails. */
import process from 'node:process';
import type { NextFunction, Request, Response } from 'express';

/** Headers of every answer: nothing but the page's own files, no embedding, no guessing of types. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Browsers heed it on loopback names and over TLS alone, and complain of it elsewhere. */
export const LOOPBACK_HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/** Paths that cannot be decoded, files that cannot be read: one line, never where in the program. */
export function answerFailure(
  error: Error & { readonly status?: number },
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (response.headersSent) {
    next(error);
    return;
  }
  const { status = 500 } = error;
  if (status >= 500) process.stderr.write(`the server of the page: ${error.message}\n`);
  response
    .status(status)
    .type('text/plain')
    .send(status < 500 ? 'The request cannot be read\n' : 'The server could not answer\n');
}
