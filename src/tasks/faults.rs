//! Failures of workers as failures of the page.

use crate::state::runs::{Failure, Remedy};
use crate::workers::Fault;

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let (message, remedy) = match fault {
            Fault::Failed(message) => (message, Remedy::Dismiss),
            Fault::Cancelled => ("cancelled".to_owned(), Remedy::Dismiss),
            Fault::NoDevice(message) => (message, Remedy::UseCpu),
            Fault::DeviceLost(message) => (format!("The GPU is gone: {message}"), Remedy::UseCpu),
            Fault::Died(message) => (format!("The engine stopped: {message}"), Remedy::Restart),
        };
        Self { message, remedy, plan: None }
    }
}
