//! The result of a part as numbers, which travel between engines as they are.

/// Numbers in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Numbers {
    pub f32s: Vec<f32>,
    pub f64s: Vec<f64>,
}

impl Numbers {
    /// Reads them in the same order.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { f32s: &self.f32s, f64s: &self.f64s }
    }

    /// Writes a count.
    pub fn push_count(&mut self, n: usize) {
        self.f64s.push(n as f64);
    }
}

/// What is left to read.
pub struct Cursor<'a> {
    f32s: &'a [f32],
    f64s: &'a [f64],
}

impl<'a> Cursor<'a> {
    /// The next numbers in 32 bits; nothing where there are fewer.
    pub fn f32s(&mut self, n: usize) -> Option<&'a [f32]> {
        let (read, rest) = self.f32s.split_at_checked(n)?;
        self.f32s = rest;
        Some(read)
    }

    /// The next numbers in 64 bits; nothing where there are fewer.
    pub fn f64s(&mut self, n: usize) -> Option<&'a [f64]> {
        let (read, rest) = self.f64s.split_at_checked(n)?;
        self.f64s = rest;
        Some(read)
    }

    /// The next number, as a count.
    pub fn count(&mut self) -> Option<usize> {
        self.f64s(1).map(|n| n[0] as usize)
    }

    /// Something, where nothing is left.
    pub fn ended(&self) -> Option<()> {
        (self.f32s.is_empty() && self.f64s.is_empty()).then_some(())
    }
}
