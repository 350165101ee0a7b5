/** What the page asks of a server that starts and steers runs (controlApi.ts). */
import type { Intervention } from '../../configs/interventions.ts';
import type {
  ChangeRequest,
  Checked,
  ConfigRequest,
  ControlFailure,
  FormNode,
  NumberInForce,
  Preset,
  StartRequest,
} from '../controlApi.ts';
import { ask, failed } from './data.ts';

async function post<T>(path: string, body: unknown): Promise<T> {
  const answer = await ask(`control/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.json();
}

type Begun = { readonly run: string };

/** Each throws DataError in the words of the terminal. */
export const steer = {
  presets: async (): Promise<readonly Preset[]> => (await (await ask('control/presets')).json()).presets,
  schema: async (): Promise<FormNode> => (await ask('control/schema')).json(),
  numbers: async (): Promise<readonly NumberInForce[]> =>
    (await (await ask('control/numbers')).json()).numbers,
  check: async (request: ConfigRequest): Promise<Checked> => {
    const answer = await post<Checked | ControlFailure>('check', request);
    if ('error' in answer) throw failed(answer);
    return answer;
  },
  start: (request: StartRequest): Promise<Begun> => post('start', request),
  resume: (run: string): Promise<Begun> => post('resume', { run }),
  stop: (): Promise<Begun> => post('stop', {}),
  reset: (): Promise<Begun> => post('reset', {}),
  intervene: (change: ChangeRequest): Promise<Intervention> => post('intervene', change),
};
