"""The command line: argv → Settings → studio → terminal."""
