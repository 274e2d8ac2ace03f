//! Values that take time to get, and heavy ones that are shared.

use std::ops::Deref;
use std::rc::Rc;

/// Something that takes time.
#[derive(Debug, Clone, PartialEq)]
pub enum Load<T> {
    Loading,
    Ready(T),
    Failed(String),
}

/// A heavy value, compared by identity.
#[derive(Debug)]
pub struct Shared<T: ?Sized>(pub Rc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_value_is_compared_by_identity() {
        let bytes: Rc<[u8]> = Rc::from(&b"x"[..]);
        assert!(Shared(bytes.clone()) == Shared(bytes.clone()));
        assert!(Shared(bytes) != Shared(Rc::from(&b"x"[..])));
    }
}
