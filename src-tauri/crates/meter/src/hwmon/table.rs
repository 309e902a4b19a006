//! Which driver's sensor tells what: a row each, with its source.
//!
//! A driver is known by the text of its `name` file and a sensor by its label, and neither says by
//! itself what is measured. So every row names where that is written: a file of the kernel's sources
//! (of Linux 6.12, where no other version is given), or of the driver's own. What is in no row is
//! not used, and is named to the person. `docs/sensors.md` has the same rows in words; a test holds
//! it to them.

use wattsmith_domain::Scope;

/// What a sensor covers, and so what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    /// A graphics board.
    Board,
    /// The GPU's chip with what shares its package; used where the board's own sensor does not answer.
    Chip,
    /// CPU packages; the number is the order in which drivers are preferred.
    Package(u8),
    /// All that a power supply or the firmware feeds.
    Whole,
    /// The processor's package, told by the driver of the graphics in it. RAPL counts the same.
    Processor,
    /// A piece of what another row of the same driver covers whole, such as a core.
    Piece,
    /// Something that is no device whose joules could make a figure: a rail, a pump, a fan.
    Rail,
    /// A machine that this one looks after.
    OtherMachine,
    /// A battery or charger, whose own files (`power_supply`) say more.
    Supply,
    /// What it is stands in the firmware's label, and nobody says what those mean.
    Unsaid,
}

impl Covers {
    /// The scope of a figure that it makes.
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Board => Scope::GpuBoard,
            Self::Chip => Scope::GpuPackage,
            Self::Package(_) | Self::Processor => Scope::CpuPackage,
            Self::Whole => Scope::Platform,
            Self::Supply => Scope::Battery,
            Self::Piece | Self::Rail | Self::OtherMachine | Self::Unsaid => Scope::Part,
        }
    }
}

/// What is known of the sensors of one driver that have the same label.
#[derive(Debug)]
pub(crate) struct Row {
    /// Text of the `name` file; a `*` at its end stands for anything.
    pub(crate) driver: &'static str,
    /// Text of the label; likewise, and empty where there is none.
    pub(crate) label: &'static str,
    pub(crate) covers: Covers,
    /// How a report calls it.
    pub(crate) title: &'static str,
    /// What it really tells, in words.
    pub(crate) tells: &'static str,
    /// Where that is written.
    pub(crate) source: &'static str,
}

/// The first row for a sensor.
pub(crate) fn row(driver: &str, label: &str) -> Option<&'static Row> {
    ROWS.iter()
        .find(|row| fits(row.driver, driver) && fits(row.label, label))
}

/// Any row of this driver, for what is the same in all of them.
pub(crate) fn driver(name: &str) -> Option<&'static Row> {
    // A row for whatever has a label of a certain kind says nothing of a driver.
    ROWS.iter()
        .find(|row| row.driver != "*" && fits(row.driver, name))
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => pattern == text,
    }
}

const fn row_of(
    driver: &'static str,
    label: &'static str,
    covers: Covers,
    title: &'static str,
    tells: &'static str,
    source: &'static str,
) -> Row {
    Row {
        driver,
        label,
        covers,
        title,
        tells,
        source,
    }
}

use Covers::{Board, Chip, OtherMachine, Package, Piece, Processor, Rail, Supply, Unsaid, Whole};

const AMD_GPU: &str = "AMD GPU power";
const INTEL_GPU: &str = "Intel GPU energy counter";
const AMD_CPU: &str = "AMD CPU energy counter (hwmon)";
const ZEN_CPU: &str = "AMD CPU power (zenpower)";
const ACPI: &str = "Power meter of the firmware (ACPI)";
const GRACE: &str = "Power meter of NVIDIA Grace (ACPI)";
const RAIL: &str = "Power of a supply rail";
const PUMPS: &str = "Power of pumps and fans";
const OTHER: &str = "Power of another machine";
const PIN_POUT: &str = "Power of a converter (PMBus)";

/// Every row. The first that fits counts, so a label stands before "any label".
#[rustfmt::skip]
pub(crate) static ROWS: &[Row] = &[
    row_of("amdgpu", "slowPPT", Processor, AMD_GPU,
        "power of a processor with graphics inside (Van Gogh), averaged slowly",
        "drivers/gpu/drm/amd/pm/amdgpu_pm.c, amdgpu_hwmon_show_power_label"),
    row_of("amdgpu", "fastPPT", Processor, AMD_GPU,
        "power of a processor with graphics inside (Van Gogh), averaged fast",
        "drivers/gpu/drm/amd/pm/amdgpu_pm.c, amdgpu_hwmon_show_power_label"),
    row_of("amdgpu", "*", Board, AMD_GPU,
        "power of the GPU as its firmware adds it up; some boards leave memory and converters out. On \
         processors with graphics inside it is that of the package with its cores, and some of those \
         tell a few milliwatts",
        "Documentation/gpu/amdgpu/thermal.rst, drivers/gpu/drm/amd/pm/amdgpu_pm.c (DOC: hwmon); \
         power1_input beside power1_average since Linux 6.6"),
    row_of("xe", "card", Board, INTEL_GPU,
        "energy of the card; on many cards and kernels it stays at 0",
        "Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon, energy1_input; label since Linux 6.8"),
    row_of("xe", "pkg", Chip, INTEL_GPU,
        "energy of the chip's package, without the rest of the card",
        "Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon, energy2_input; since Linux 6.8"),
    row_of("xe", "", Chip, INTEL_GPU,
        "energy of the chip's package: before there were labels, the only counter read that register",
        "drivers/gpu/drm/xe/xe_hwmon.c of Linux 6.7, REG_PKG_ENERGY_STATUS"),
    row_of("i915", "card", Board, INTEL_GPU,
        "energy of the card, where a kernel from elsewhere labels it",
        "as for xe; Linux itself labels nothing in i915"),
    row_of("i915", "pkg", Chip, INTEL_GPU,
        "energy of the chip's package, where a kernel from elsewhere labels it",
        "as for xe; Linux itself labels nothing in i915"),
    row_of("i915", "", Chip, INTEL_GPU,
        "energy of the chip's package: the documentation says device, the driver reads \
         PCU_PACKAGE_ENERGY_STATUS",
        "drivers/gpu/drm/i915/i915_hwmon.c, hwm_get_preregistration_info; since Linux 6.2"),
    row_of("i915_gt*", "*", Piece, INTEL_GPU,
        "energy of one tile of the chip",
        "Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon, energy1_input"),
    row_of("nouveau", "*", Board, "NVIDIA GPU power (nouveau)",
        "sum of the supply rails that the board's firmware names",
        "drivers/gpu/drm/nouveau/nouveau_hwmon.c, nvkm_iccsense_read_all"),
    row_of("amd_energy", "Esocket*", Package(0), AMD_CPU,
        "energy of one socket: the register that RAPL reads",
        "Documentation/hwmon/amd_energy.rst of Linux 5.8 to 5.12, which alone have the driver"),
    row_of("amd_energy", "Ecore*", Piece, AMD_CPU,
        "energy of one core",
        "Documentation/hwmon/amd_energy.rst of Linux 5.8 to 5.12"),
    row_of("zenergy", "Esocket*", Package(0), AMD_CPU,
        "energy of one socket, found by its memory node: two nodes of one socket show the same",
        "zenergy.c, zenergy_read (BoukeHaarsma23/zenergy, not part of Linux)"),
    row_of("zenergy", "Ecore*", Piece, AMD_CPU,
        "energy of one core",
        "zenergy.c, amd_create_sensor (BoukeHaarsma23/zenergy, not part of Linux)"),
    row_of("zenpower", "SVI2_P_Core", Package(1), ZEN_CPU,
        "power of the cores' rail, from its current and voltage",
        "zenpower.c, zenpower_read (ocerman/zenpower, not part of Linux); factors found by trial"),
    row_of("zenpower", "SVI2_P_SoC", Package(1), ZEN_CPU,
        "power of the rail beside the cores (memory controller, fabric)",
        "zenpower.c, zenpower_read (ocerman/zenpower, not part of Linux); factors found by trial"),
    row_of("fam15h_power", "*", Package(2), "AMD CPU power (fam15h)",
        "power of the whole package (families 15h and 16h), by the processor's own reckoning",
        "Documentation/hwmon/fam15h_power.rst"),
    row_of("corsairpsu", "power total", Whole, "Power supply (Corsair)",
        "all that the power supply gives off",
        "Documentation/hwmon/corsair-psu.rst, power1_input; since Linux 5.11"),
    row_of("corsairpsu", "*", Piece, "Power supply (Corsair)",
        "one rail of the power supply",
        "Documentation/hwmon/corsair-psu.rst, power2_input to power4_input"),
    row_of("power_meter", "Grace Power Socket*", Package(3), GRACE,
        "power of one Grace processor with its memory",
        "NVIDIA Grace Performance Tuning Guide, Power Telemetry (power1_oem_info)"),
    row_of("power_meter", "CPU Power Socket*", Piece, GRACE,
        "the cores' rail of one Grace processor",
        "NVIDIA Grace Performance Tuning Guide, Power Telemetry (power1_oem_info)"),
    row_of("power_meter", "SysIO Power Socket*", Piece, GRACE,
        "the input and output rail of one Grace processor",
        "NVIDIA Grace Performance Tuning Guide, Power Telemetry (power1_oem_info)"),
    row_of("power_meter", "Module Power Socket*", Piece, GRACE,
        "one module: a Grace processor and the GPU on it together",
        "NVIDIA Grace Performance Tuning Guide, Power Telemetry (power1_oem_info)"),
    row_of("power_meter", "*", Whole, ACPI,
        "what the firmware says it meters, as a rule all that the power supplies give off, averaged",
        "Documentation/hwmon/acpi_power_meter.rst; ACPI 4.0, 10.4"),
    row_of("scmi_sensors", "*", Unsaid, "Power sensor of the firmware (SCMI)",
        "whatever the firmware's label says",
        "drivers/hwmon/scmi-hwmon.c"),
    row_of("macsmc_hwmon", "*", Unsaid, "Power sensor of Apple's SMC",
        "whatever the device tree's label says; one of them is an estimate of the chip's heat",
        "Documentation/hwmon/macsmc-hwmon.rst, drivers/hwmon/macsmc-hwmon.c (newer than Linux 6.12)"),
    row_of("ibmpowernv", "*", Unsaid, "Power sensor of the firmware (OPAL)",
        "whatever the firmware's label says: the system, a chip, a rail of it",
        "Documentation/hwmon/ibmpowernv.rst, drivers/hwmon/ibmpowernv.c (make_sensor_label)"),
    row_of("aem*", "*", Unsaid, "Power meter of an IBM System x",
        "the machine's energy and power by its management controller, of two kinds that have no label",
        "Documentation/hwmon/ibmaem.rst"),
    row_of("vexpress_*", "*", Unsaid, "Power sensor of an ARM development board",
        "whatever the device tree's label says",
        "drivers/hwmon/vexpress-hwmon.c"),
    row_of("apm_xgene", "*", Rail, "Power of an X-Gene processor",
        "one of two parts of the chip: its cores, or its input and output",
        "Documentation/hwmon/xgene-hwmon.rst"),
    row_of("occ", "*", OtherMachine, OTHER,
        "the POWER server that this management controller looks after",
        "Documentation/hwmon/occ.rst"),
    row_of("smpro_hwmon", "*", OtherMachine, OTHER,
        "the Ampere server that this management controller looks after",
        "Documentation/hwmon/smpro-hwmon.rst"),
    row_of("sbrmi", "*", OtherMachine, OTHER,
        "a socket of the AMD server that this management controller looks after",
        "drivers/hwmon/sbrmi.c"),
    row_of("ina209", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina209.rst"),
    row_of("ina219", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina2xx.rst"),
    row_of("ina220", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina2xx.rst"),
    row_of("ina226", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina2xx.rst"),
    row_of("ina230", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina2xx.rst"),
    row_of("ina231", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina2xx.rst"),
    row_of("ina260", "*", Rail, RAIL, "one supply rail", "drivers/hwmon/ina2xx.c; since Linux 6.12"),
    row_of("ina237", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina238.rst"),
    row_of("ina238", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ina238.rst"),
    row_of("ina3221", "*", Rail, RAIL,
        "up to three supply rails; Linux' own driver tells their volts and amperes, and no power",
        "Documentation/hwmon/ina3221.rst"),
    row_of("ltc2945", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ltc2945.rst"),
    row_of("ltc2947", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ltc2947.rst"),
    row_of("ltc2992", "*", Rail, RAIL, "two supply rails", "Documentation/hwmon/ltc2992.rst"),
    row_of("ltc4215", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ltc4215.rst"),
    row_of("ltc4245", "*", Rail, RAIL, "four supply rails", "Documentation/hwmon/ltc4245.rst"),
    row_of("ltc4282", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/ltc4282.rst"),
    row_of("tmp51*", "*", Rail, RAIL, "one supply rail", "Documentation/hwmon/tmp513.rst"),
    row_of("lineage_pem", "*", Rail, RAIL, "what one power supply of several takes in",
        "Documentation/hwmon/lineage-pem.rst"),
    row_of("*", "pin*", Rail, PIN_POUT, "what one converter or power supply takes in",
        "drivers/hwmon/pmbus/pmbus_core.c, Documentation/hwmon/pmbus.rst"),
    row_of("*", "pout*", Rail, PIN_POUT, "what one converter or power supply gives off",
        "drivers/hwmon/pmbus/pmbus_core.c, Documentation/hwmon/pmbus.rst"),
    row_of("d5next", "*", Rail, PUMPS, "a pump and a fan",
        "Documentation/hwmon/aquacomputer_d5next.rst"),
    row_of("octo", "*", Rail, PUMPS, "fans", "Documentation/hwmon/aquacomputer_d5next.rst"),
    row_of("quadro", "*", Rail, PUMPS, "fans", "Documentation/hwmon/aquacomputer_d5next.rst"),
    row_of("aquaero", "*", Rail, PUMPS, "fans", "Documentation/hwmon/aquacomputer_d5next.rst"),
    row_of("aquastream*", "*", Rail, PUMPS, "a pump and a fan",
        "Documentation/hwmon/aquacomputer_d5next.rst"),
    row_of("highflownext", "*", Rail, PUMPS, "heat that a cooling loop carries, estimated",
        "Documentation/hwmon/aquacomputer_d5next.rst"),
    row_of("n3000bmc*", "*", Rail, "Power of an FPGA card", "an FPGA card",
        "Documentation/hwmon/intel-m10-bmc-hwmon.rst"),
    row_of("d5005bmc*", "*", Rail, "Power of an FPGA card", "an FPGA card",
        "Documentation/hwmon/intel-m10-bmc-hwmon.rst"),
    row_of("n5010bmc*", "*", Rail, "Power of an FPGA card", "an FPGA card",
        "Documentation/hwmon/intel-m10-bmc-hwmon.rst"),
    row_of("n6000bmc*", "*", Rail, "Power of an FPGA card", "an FPGA card",
        "Documentation/hwmon/intel-m10-bmc-hwmon.rst"),
];

/// Batteries and chargers appear in hwmon too, under the name that they have in `power_supply`.
pub(crate) static SUPPLY: Row = row_of(
    "a name from power_supply, such as BAT0",
    "*",
    Supply,
    "Battery or charger (hwmon)",
    "the battery or charger of that name, once more",
    "drivers/power/supply/power_supply_hwmon.c",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_what_and_where_from_and_is_reached() {
        for row in ROWS {
            assert!(!row.tells.is_empty() && !row.title.is_empty(), "{row:?}");
            let named = ["Documentation/", "drivers/", ".c", "Guide", "as for xe"];
            assert!(named.iter().any(|one| row.source.contains(one)), "{row:?}");
            let (driver, label) = (row.driver.replace('*', "1"), row.label.replace('*', ""));
            let first = super::row(&driver, &label).unwrap();
            assert!(std::ptr::eq(first, row), "{row:?} is hidden by {first:?}");
        }
    }

    #[test]
    fn labels_of_one_driver_are_kept_apart() {
        let covers = |driver, label| row(driver, label).map(|row| row.covers);
        assert_eq!(covers("xe", "card"), Some(Board));
        assert_eq!(covers("xe", "pkg"), Some(Chip));
        assert_eq!(covers("xe", "vram"), None);
        assert_eq!(covers("amd_energy", "Ecore007"), Some(Piece));
        assert_eq!(covers("corsairpsu", "power +12v"), Some(Piece));
        assert_eq!(covers("power_meter", ""), Some(Whole));
        assert_eq!(covers("adm1275", "pin1"), Some(Rail));
        assert_eq!(covers("foo", ""), None);
        assert!(driver("foo").is_none() && driver("xe").is_some());
    }

    /// The page for people has every driver, with its source.
    #[test]
    fn every_row_stands_in_the_page_about_sensors() {
        let page = include_str!("../../../../../docs/sensors.md");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for row in ROWS.iter().chain([&SUPPLY]) {
            let source = row.source.split_whitespace().collect::<Vec<_>>().join(" ");
            for word in [row.driver, row.label, &source] {
                assert!(
                    page.contains(word),
                    "{word:?} of {} is not there",
                    row.driver
                );
            }
        }
    }
}
