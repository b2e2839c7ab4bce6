"""What tests call in a process of its own: a module that imports nothing."""


def hold(size):
    """Hold so many MiB for a moment; return how many bytes that was."""
    return len(bytearray(b"x") * (size * 2**20))
