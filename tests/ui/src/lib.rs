//! Nothing of its own: the cases are in `fail/` and `pass/`, one folder for each macro.
