/** Classes of task that consumers ask for and skills are held in (the C of MODEL.md). */
export const CLASS_COUNT = 4;
