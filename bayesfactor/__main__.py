"""``python -m bayesfactor``."""

from bayesfactor.cli import main

if __name__ == "__main__":
    main()
