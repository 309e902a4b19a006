"""Asks the app's window to close, as the cross of a window manager does; on a display in memory there is none."""

import ctypes
import sys

CLIENT_MESSAGE = 33


class Message(ctypes.Structure):
    """An XClientMessageEvent."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 24),  # the union of all events is as long
    ]


def named(x11, display, window, name):
    """The first window below this one that has `name` in its title."""
    title = ctypes.c_char_p()
    if x11.XFetchName(display, ctypes.c_ulong(window), ctypes.byref(title)) and name in (title.value or b""):
        return window
    root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
    children = ctypes.POINTER(ctypes.c_ulong)()
    x11.XQueryTree(
        display, ctypes.c_ulong(window), ctypes.byref(root), ctypes.byref(parent), ctypes.byref(children), ctypes.byref(count)
    )
    return next(filter(None, (named(x11, display, children[at], name) for at in range(count.value))), None)


def main():
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
    opened = x11.XOpenDisplay(None)
    if not opened:
        sys.exit("no display: DISPLAY names none")
    display = ctypes.c_void_p(opened)
    window = named(x11, display, x11.XDefaultRootWindow(display), b"Wattsmith")
    if window is None:
        sys.exit("no window is called Wattsmith")
    protocols, delete = (x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    message = Message(type=CLIENT_MESSAGE, window=window, message_type=protocols, format=32)
    message.data[0] = delete
    x11.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(display)


main()
