/** The page without a server. */
import './useWorker.ts';
import '../main.ts';
