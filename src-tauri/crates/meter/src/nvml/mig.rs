//! Boards that are shared out to several tenants (multi-instance GPU). Power and energy are those of
//! the whole board; NVML has neither for an instance. A figure of the board is ours only where the
//! whole board is.

use super::board::Board;
use super::explain::Why;

/// Whether what the board tells is of one tenant: it is not partitioned, or into one instance.
pub(super) fn whole_board(board: &Board) -> Result<(), Why> {
    let enabled = board.with(|device| device.mig_mode());
    // Boards without it say that they do not support it.
    if !enabled.is_ok_and(|mode| mode.current == 1) {
        return Ok(());
    }
    let instances = board.with(|device| {
        let most = device.mig_device_count()?;
        let there = |index: &u32| device.mig_device_by_index(*index).is_ok();
        Ok((0..most).filter(there).count())
    });
    let index = board.index();
    let alone = format!(
        "Measure it undivided: sudo nvidia-smi -i {index} -mig 0 — this ends its instances; or give \
         it a single instance."
    );
    match instances {
        Ok(0 | 1) => Ok(()),
        Ok(count) => Err((
            format!(
                "the GPU is divided into {count} instances (MIG), and its power and energy are told \
                 only for all of them together"
            ),
            alone,
        )),
        Err(_) => Err((
            "the GPU is divided into instances (MIG), of which only the host may see all"
                .to_owned(),
            alone,
        )),
    }
}
