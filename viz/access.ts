/**
 * Who may talk to the server. On a loopback address: whoever names a loopback host, so that no foreign name can be
 * pointed here (DNS rebinding), and pages of this server's own origin. Beyond this machine: whoever also shows the
 * token of the link that the server printed, once as `?token=`, then as a cookie, or as a bearer token (RFC 6750).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const TOKEN_BYTES = 24;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i;

const isLoopback = (host: string): boolean => LOOPBACK.test(host);
const hostName = (hostHeader: string): string => hostHeader.replace(/:\d+$/, '');
/** Host and port of an origin, or null when it is none. */
const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Of both as digests, which have one length: how long it takes says nothing of how much is right. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** What asks is known by its headers alone. */
type Asker = Pick<IncomingMessage, 'headers'>;

export class Access {
  /** What must be shown; null on a loopback address, where nothing need be. */
  readonly token: string | null;
  private readonly isLocal: boolean;
  private readonly origins: readonly string[];

  /**
   * @param host address that the server listens on
   * @param origins further origins that may connect
   */
  constructor(host: string, origins: readonly string[] = []) {
    this.isLocal = isLoopback(host);
    this.origins = origins;
    this.token = this.isLocal ? null : randomBytes(TOKEN_BYTES).toString('base64url');
  }

  /** Whether the name by which the server is called may be its own. */
  hostAllowed(header: string | undefined): boolean {
    if (header === undefined) return false;
    if (!this.isLocal || isLoopback(hostName(header))) return true;
    return this.origins.some((origin) => hostOf(origin) === header);
  }

  /**
   * A browser names the origin of the page that asks; it must be this server's own page or an allowed one. A script,
   * which need not name any, is let in by the machine that it runs on or by its token.
   */
  originAllowed({ headers: { origin, host } }: Asker): boolean {
    if (origin === undefined || this.origins.includes(origin)) return true;
    return hostOf(origin) === host;
  }

  /** Whether a text is the token. */
  matches(text: unknown): boolean {
    return this.token !== null && typeof text === 'string' && isSame(text, this.token);
  }

  /**
   * Whether the token is shown, in a cookie or a header, or none is needed.
   *
   * @param port of the server: cookies are shared between the ports of a host, so each has its own name
   */
  authorized({ headers }: Asker, port: number): boolean {
    if (this.token === null) return true;
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (this.matches(bearer)) return true;
    return (headers.cookie ?? '').split(';').some((pair) => {
      const [name, value] = pair.trim().split('=', 2);
      return name === cookieName(port) && this.matches(value);
    });
  }

  /** The cookie that a browser keeps in place of the token of its link; no script can read it, no foreign page send it. */
  cookie(port: number): string {
    return `${cookieName(port)}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

const cookieName = (port: number): string => `darwin-${port}`;
