//! What is told of boards before anything is set.

use crate::stand::Stand;
use wattsmith_domain::Watts;
use wattsmith_gpu_control::boards;

#[test]
fn the_range_and_the_clocks_of_each_board_are_the_drivers_own() {
    let stand = Stand::new("devices 2\nname 0 Large\nname 1 Small\nlimits 1 60 120 116.5\n");
    let boards = boards(Some(stand.library()));
    let limits: Vec<_> = boards
        .iter()
        .map(|board| {
            let limits = board.power_limit.unwrap();
            (board.name.as_str(), limits.min, limits.max, limits.default)
        })
        .collect();
    assert_eq!(
        limits,
        [
            ("Large", Watts(100.0), Watts(400.0), Watts(350.0)),
            ("Small", Watts(60.0), Watts(120.0), Watts(116.5)),
        ]
    );
    let clocks = &boards[0].clocks_mhz;
    assert_eq!((clocks.first(), clocks.last()), (Some(&210), Some(&1980)));
}

#[test]
fn what_cannot_be_set_is_left_out() {
    let fixed = "nvmlDeviceGetPowerManagementLimitConstraints 3";
    let free = "nvmlDeviceGetSupportedMemoryClocks 3";
    let stand = Stand::new(&format!(
        "devices 3\nfault 0 {fixed}\nfault 0 {free}\nfault 1 {fixed}\nlimits 2 300 300 300\n"
    ));
    let boards = boards(Some(stand.library()));
    let found: Vec<_> = boards
        .iter()
        .map(|board| {
            (
                board.uuid.as_str(),
                board.power_limit,
                board.clocks_mhz.len(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("GPU-00000001", None, 119), ("GPU-00000002", None, 119)]
    );
}

#[test]
fn where_no_driver_answers_nothing_can_be_set() {
    let stand = Stand::new("init 9\n");
    assert_eq!(boards(Some(stand.library())), []);
    assert_eq!(boards(Some(&stand.folder().join("no-driver.so"))), []);
}
