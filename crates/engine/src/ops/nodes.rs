//! Some nodes among the nodes of an input, such as heads whose edges are patched.

use std::cell::OnceCell;

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Some of several nodes, in their order, and what a device needs to find them by.
#[derive(Debug)]
pub struct Nodes {
    list: Vec<usize>,
    n_nodes: usize,
    on_device: OnceCell<OnDevice>,
}

#[derive(Debug)]
struct OnDevice {
    list: Tensor<1, Int>,
    sources: Tensor<1, Int>,
}

impl Nodes {
    pub fn new(list: Vec<usize>, n_nodes: usize) -> Self {
        Self { list, n_nodes, on_device: OnceCell::new() }
    }

    pub fn list(&self) -> &[usize] {
        &self.list
    }

    /// Their numbers.
    pub fn on(&self, device: &Device) -> Tensor<1, Int> {
        self.uploaded(device).list.clone()
    }

    /// For each of all nodes where it is found: its own number, or behind them all its index among these.
    pub fn sources(&self, device: &Device) -> Tensor<1, Int> {
        self.uploaded(device).sources.clone()
    }

    /// Has a device know them from now on: on a GPU whatever waits to be computed is handed over before anything is uploaded.
    pub fn upload(&self, device: &Device) {
        self.uploaded(device);
    }

    fn uploaded(&self, device: &Device) -> &OnDevice {
        let source = |node| self.list.iter().position(|n| *n == node).map_or(node, |i| self.n_nodes + i);
        self.on_device.get_or_init(|| OnDevice {
            list: indices(self.list.iter().copied(), device),
            sources: indices((0..self.n_nodes).map(source), device),
        })
    }
}

pub fn indices(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}
