import { describe, expect, it } from 'vitest';
import { loadTensorflow, TENSORFLOW_PACKAGES, whyNotLoaded } from './tensorflow.ts';

const [gpu, native, plain] = TENSORFLOW_PACKAGES.map(({ name }) => name);
const notInstalled = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
const noBinding = new Error(
  'The Node.js native addon module (tfjs_binding.node) can not be found at path: /somewhere',
);
const library = {
  ready: async () => {},
  scalar: () => ({ dispose: () => {} }),
  version: { tfjs: '4.22.0' },
  getBackend: () => 'tensorflow',
};
/** Loads what is given; a package that is not is not installed. */
const loader = (packages: Readonly<Record<string, unknown>>) => async (name: string) => {
  const found = packages[name];
  if (found === undefined) throw notInstalled;
  if (found instanceof Error) throw found;
  return found;
};

describe('TensorFlow.js', () => {
  it('is loaded from CUDA before the native library before plain JavaScript', async () => {
    const all = { [gpu!]: library, [native!]: library, [plain!]: library };
    expect((await loadTensorflow(loader(all))) as object).toMatchObject({
      device: `${gpu} 4.22.0, backend tensorflow (CUDA)`,
      missing: [],
    });
    const { [gpu!]: _, ...without } = all;
    expect(await loadTensorflow(loader(without))).toMatchObject({
      device: `${native} 4.22.0, backend tensorflow (native library)`,
    });
    expect(await loadTensorflow(loader({ [plain!]: { default: library } }))).toMatchObject({
      device: `${plain} 4.22.0, backend tensorflow (plain JavaScript, slow)`,
    });
  });

  it('that is there without its native library is passed over with the command that fetches it', async () => {
    const { missing } = await loadTensorflow(loader({ [gpu!]: noBinding, [plain!]: library }));
    expect(missing).toEqual([
      `${gpu} is there without its native library (npm rebuild ${gpu} --build-addon-from-source)`,
      `${native} is not installed (npm install --no-save ${native})`,
    ]);
  });

  it('that is nowhere is a list of reasons', async () => {
    const { tf, missing } = await loadTensorflow(loader({}));
    expect(tf).toBe(null);
    expect(missing.length).toBe(3);
  });

  it('that fails for another reason says its first line', () => {
    expect(whyNotLoaded('x', new Error('libcuda is too old\nat ...'))).toBe(
      'x does not load: libcuda is too old',
    );
  });

  it('of this checkout loads', async () => {
    const { tf } = await loadTensorflow();
    expect(tf?.version.tfjs).toMatch(/^4\./);
  });
});
