/** Keeps zod from compiling schemas with `new Function`, which a content security policy forbids; before any is made. */
import { config } from 'zod';

config({ jitless: true });
