//! What the tests share.

pub(crate) use choreo_test_brokers::recording::{
    connect, delivery, events, eventually, message, refusal, works,
};
pub(crate) use choreo_test_brokers::{SENTINEL, TestError};
