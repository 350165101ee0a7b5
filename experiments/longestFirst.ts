import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Order of test files: the extended tier first, so that no long file is left for the end, where one worker would wait. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isExtended = ({ moduleId }: TestSpecification): boolean => moduleId.includes('.extended.');
    const sorted = await super.sort(files);
    return [...sorted.filter(isExtended), ...sorted.filter((file) => !isExtended(file))];
  }
}
