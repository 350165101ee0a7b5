/** File of a table's part with a number from 0, in the table's folder of a run directory. */
export const partName = (part: number): string => `part-${String(part).padStart(5, '0')}.parquet`;
