"""The command line: argv → Request → jobs → terminal."""
