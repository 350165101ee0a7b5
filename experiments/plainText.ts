/** Processes that tests start write no colours, whatever the terminal or a CI host asks for. */
import process from 'node:process';

delete process.env.FORCE_COLOR;
process.env.NO_COLOR = '1';
