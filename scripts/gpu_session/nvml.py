"""The driver's own library, libnvidia-ml.so.1, through ctypes: nothing has to be installed for it.

Only what reads is here. Power limit, clocks and modes are looked at and never touched, and a test
holds this file to it. WATTSMITH_NVML_LIBRARY names another library, such as the stand-in."""

import ctypes
import os

from .faults import Missing

LIBRARY_VARIABLE = "WATTSMITH_NVML_LIBRARY"
POWER_AVERAGE, POWER_INSTANT = 185, 186
SUCCESS = 0
# Bits of nvmlClocksEventReasons that make a window worthless; a power cap (0x4) belongs to the load.
SPOILING_REASONS = {
    0x8: "hardware slowdown",
    0x20: "slowed down by software for heat",
    0x40: "slowed down by hardware for heat",
    0x80: "power brake",
}
# Compute capability of GA100, the one Ampere chip whose plain power is no average.
GA100, AMPERE = (8, 0), 7


class FieldValue(ctypes.Structure):
    class Value(ctypes.Union):
        _fields_ = [
            ("double", ctypes.c_double),
            ("uint", ctypes.c_uint),
            ("ulong", ctypes.c_ulong),
            ("ulonglong", ctypes.c_ulonglong),
            ("longlong", ctypes.c_longlong),
            ("int", ctypes.c_int),
            ("ushort", ctypes.c_ushort),
        ]

    _fields_ = [
        ("field", ctypes.c_uint),
        ("scope", ctypes.c_uint),
        ("timestamp", ctypes.c_longlong),
        ("latency_us", ctypes.c_longlong),
        ("value_type", ctypes.c_int),
        ("code", ctypes.c_int),
        ("value", Value),
    ]

    def number(self):
        kinds = ("double", "uint", "ulong", "ulonglong", "longlong", "int", "ushort")
        return float(getattr(self.value, kinds[self.value_type]))


class ProcessInfo(ctypes.Structure):
    _fields_ = [
        ("pid", ctypes.c_uint),
        ("memory", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    ]


class Nvml:
    def __init__(self, path=None):
        self.path = path or os.environ.get(LIBRARY_VARIABLE) or "libnvidia-ml.so.1"
        try:
            self.library = ctypes.CDLL(self.path)
        except OSError as error:
            raise Missing(
                f"the NVIDIA driver's library could not be loaded ({error}); this machine has no NVIDIA "
                "driver, or the container was started without its GPU"
            ) from None
        self.call("nvmlInit_v2")

    def call(self, name, *arguments):
        """One call; what is not there or not answered is Missing, never a zero."""
        try:
            function = getattr(self.library, name)
        except AttributeError:
            raise Missing(f"{name} is not in this driver") from None
        code = function(*arguments)
        if code != SUCCESS:
            raise Missing(f"{name}: {self.words(code)} (code {code})")

    def words(self, code):
        function = self.library.nvmlErrorString
        function.restype = ctypes.c_char_p
        return (function(code) or b"unknown").decode(errors="replace")

    def driver(self):
        text = ctypes.create_string_buffer(96)
        self.call("nvmlSystemGetDriverVersion", text, ctypes.c_uint(96))
        return text.value.decode(errors="replace")

    def count(self):
        number = ctypes.c_uint()
        self.call("nvmlDeviceGetCount_v2", ctypes.byref(number))
        return number.value

    def board(self, index):
        count = self.count()
        if index >= count:
            raise Missing(f"there is no GPU {index}: the driver sees {count}")
        return Board(self, index)


class Board:
    def __init__(self, nvml, index):
        self.nvml, self.index = nvml, index
        self.handle = ctypes.c_void_p()
        nvml.call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(self.handle))

    def number(self, name, kind, *before):
        value = kind()
        self.nvml.call(name, self.handle, *before, ctypes.byref(value))
        return value.value

    def text(self, name):
        value = ctypes.create_string_buffer(96)
        self.nvml.call(name, self.handle, value, ctypes.c_uint(96))
        return value.value.decode(errors="replace")

    def name(self):
        return self.text("nvmlDeviceGetName")

    def uuid(self):
        return self.text("nvmlDeviceGetUUID")

    def shared_out(self):
        """Whether MIG is on: then the board's joules are not ours alone."""
        mode, pending = ctypes.c_uint(), ctypes.c_uint()
        try:
            self.nvml.call("nvmlDeviceGetMigMode", self.handle, ctypes.byref(mode), ctypes.byref(pending))
        except Missing:
            return False  # a board that cannot do it
        return mode.value == 1

    def joules(self):
        """The energy counter, since the driver was loaded."""
        return self.number("nvmlDeviceGetTotalEnergyConsumption", ctypes.c_ulonglong) / 1e3

    def field_watts(self, field):
        value = FieldValue(field=field)
        self.nvml.call("nvmlDeviceGetFieldValues", self.handle, 1, ctypes.byref(value))
        if value.code != SUCCESS:
            raise Missing(f"field {field}: {self.nvml.words(value.code)} (code {value.code})")
        return value.number() / 1e3

    def instant_watts(self):
        return self.field_watts(POWER_INSTANT)

    def average_watts(self):
        return self.field_watts(POWER_AVERAGE)

    def usage_watts(self):
        return self.number("nvmlDeviceGetPowerUsage", ctypes.c_uint) / 1e3

    def usage_is_average(self):
        """Whether nvmlDeviceGetPowerUsage is the mean of the last second; the worse where unknown."""
        major, minor = ctypes.c_int(), ctypes.c_int()
        try:
            name = "nvmlDeviceGetCudaComputeCapability"
            self.nvml.call(name, self.handle, ctypes.byref(major), ctypes.byref(minor))
            architecture = self.number("nvmlDeviceGetArchitecture", ctypes.c_uint)
        except Missing:
            return True
        return architecture >= AMPERE and (major.value, minor.value) != GA100

    def state(self):
        """Heat, clocks and what holds the board down; what does not answer is left out."""
        looks = {
            "celsius": lambda: self.number("nvmlDeviceGetTemperature", ctypes.c_uint, ctypes.c_int(0)),
            "sm_mhz": lambda: self.number("nvmlDeviceGetClockInfo", ctypes.c_uint, ctypes.c_int(1)),
            "memory_mhz": lambda: self.number("nvmlDeviceGetClockInfo", ctypes.c_uint, ctypes.c_int(2)),
            "p_state": lambda: self.number("nvmlDeviceGetPerformanceState", ctypes.c_int),
            "reasons": self.reasons,
            "limit_watts": lambda: self.number("nvmlDeviceGetEnforcedPowerLimit", ctypes.c_uint) / 1e3,
        }
        told = {}
        for name, look in looks.items():
            try:
                told[name] = look()
            except Missing:
                continue
        return told

    def reasons(self):
        try:
            return self.number("nvmlDeviceGetCurrentClocksEventReasons", ctypes.c_ulonglong)
        except Missing:  # its name before driver 535
            return self.number("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong)

    def processes(self):
        """How many processes compute on the board; in a container their ids are of another world."""
        infos = (ProcessInfo * 64)()
        count = ctypes.c_uint(64)
        name = "nvmlDeviceGetComputeRunningProcesses_v3"
        self.nvml.call(name, self.handle, ctypes.byref(count), infos)
        return count.value
