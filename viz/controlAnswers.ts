/** Who answers the paths of controlApi.ts, whatever carries the requests. */
import { ConfigError, DarwinError } from '../sim/core/errors.ts';
import {
  type ControlFailure,
  parseChangeRequest,
  parseConfigRequest,
  parseNothing,
  parseResumeRequest,
  parseStartRequest,
  type RunControl,
} from './controlApi.ts';

/** An expected failure as an answer says it. */
export function failureOf(error: DarwinError): ControlFailure {
  const { code, message, hint } = error;
  const path = error instanceof ConfigError ? error.path : null;
  return { error: { code, message, hint, path } };
}

/** Answers to questions, which change nothing, by path. */
export const CONTROL_QUESTIONS: Readonly<Record<string, (control: RunControl) => unknown>> = {
  '/presets': (control) => ({ presets: control.presets() }),
  '/schema': (control) => control.schema(),
  '/numbers': (control) => ({ numbers: control.numbers() }),
};

/** Answers to requests with a body, by path; each throws or rejects with a DarwinError for a wrong one. */
export const CONTROL_REQUESTS: Readonly<
  Record<string, (control: RunControl, body: unknown) => Promise<unknown>>
> = {
  // that a config is wrong is what the question was about
  '/check': async (control, body) => {
    const request = parseConfigRequest(body);
    try {
      return control.check(request);
    } catch (error) {
      if (!(error instanceof DarwinError)) throw error;
      return failureOf(error);
    }
  },
  '/start': async (control, body) => ({ run: await control.start(parseStartRequest(body)) }),
  '/resume': async (control, body) => ({ run: await control.resume(parseResumeRequest(body)) }),
  '/stop': async (control, body) => {
    parseNothing(body);
    return { run: await control.stop() };
  },
  '/reset': async (control, body) => {
    parseNothing(body);
    return { run: await control.reset() };
  },
  '/intervene': async (control, body) => control.intervene(parseChangeRequest(body)),
};
