"""What a click raises would be seen by nobody: it goes to the error line. No widgets."""

from collections.abc import Callable


def safely(failed: Callable[[BaseException], None]) -> Callable[[Callable], Callable]:
    """safe(f) is f, but what it raises is given to `failed`."""
    def safe(press: Callable) -> Callable:
        def pressed(*given):
            try:
                return press(*given)
            except Exception as error:
                failed(error)
        return pressed
    return safe
