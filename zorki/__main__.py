"""`python -m zorki`."""

from zorki.cli.main import main

if __name__ == "__main__":
    main()
