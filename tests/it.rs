//! What holds for the whole house: the arrows between the rooms, their names, the wire, the views.

mod it {
    mod arrows;
    mod bindings;
    mod views;
}
