//! Choosing the device: WebGPU where it works, else burn's CPU backend.
//!
//! "Works" is checked: the adapter must have timestamp queries, without which burn panics at its first operation, and a
//! small product must come out right. A software adapter is passed over, since the CPU backend is faster than one; whoever
//! asks for WebGPU by name gets it.

use burn::tensor::Device;

use circuitscope_core::Limits;
use circuitscope_wire::engine::{DeviceChoice, DeviceInfo, DeviceKind};

/// A device that is ready.
pub struct Opened {
    pub device: Device,
    pub info: DeviceInfo,
}

/// Opens a device. `on_trouble` is told when a GPU is lost or reports an error later on.
///
/// # Errors
/// When WebGPU was asked for by name and does not work; the message says why.
pub async fn open(choice: DeviceChoice, on_trouble: impl OnTrouble) -> Result<Opened, String> {
    if choice == DeviceChoice::Cpu {
        return Ok(cpu("it was asked for".to_owned()));
    }
    match gpu(choice == DeviceChoice::Auto, on_trouble).await {
        Ok(opened) => Ok(opened),
        Err(reason) if choice == DeviceChoice::Auto => Ok(cpu(reason)),
        Err(reason) => Err(format!("WebGPU was asked for, but {reason}")),
    }
}

/// Who is told of trouble. A GPU may tell from any thread.
pub trait OnTrouble: Fn(Trouble) + Clone + Send + Sync + 'static {}

impl<F: Fn(Trouble) + Clone + Send + Sync + 'static> OnTrouble for F {}

/// What a GPU can report at any time.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// It is gone, and everything on it.
    Lost(String),
    /// An operation was refused: results since then cannot be trusted.
    Error(String),
}

fn cpu(reason: String) -> Opened {
    let name = if cfg!(target_arch = "wasm32") { "burn-flex, one thread" } else { "burn-flex, all cores" };
    let limits = if cfg!(target_arch = "wasm32") { Limits::WASM_CPU } else { Limits::default() };
    Opened { device: Device::flex(), info: DeviceInfo { kind: DeviceKind::Cpu, name: name.to_owned(), reason, limits } }
}

#[cfg(not(feature = "gpu"))]
async fn gpu(_: bool, _: impl OnTrouble) -> Result<Opened, String> {
    Err("this program was built without it (feature `gpu`)".to_owned())
}

#[cfg(feature = "gpu")]
async fn gpu(pass_over_software: bool, on_trouble: impl OnTrouble) -> Result<Opened, String> {
    gpu::open(pass_over_software, on_trouble).await
}

#[cfg(feature = "gpu")]
mod gpu {
    use std::sync::Arc;

    use burn::tensor::{Device, Tensor};
    use wgpu::{AdapterInfo, DeviceType, Features};

    use super::{DeviceInfo, DeviceKind, Limits, OnTrouble, Opened, Trouble};

    /// How many operations go into one submission to the GPU. burn's default of 32 would submit dozens of times a forward
    /// pass; a pass of GPT-2 small takes about 700 operations.
    const TASKS_MAX: usize = 256;

    pub async fn open(pass_over_software: bool, on_trouble: impl OnTrouble) -> Result<Opened, String> {
        let options = Device::wgpu_options().tasks_max(TASKS_MAX);
        let (device, setup) = options.init_with_setup_async().await.map_err(|e| format!("there is none: {e}"))?;
        let info = setup.adapter.get_info();
        if !setup.adapter.features().contains(Features::TIMESTAMP_QUERY) {
            return Err("its adapter has no timestamp queries, which burn needs".to_owned());
        }
        if pass_over_software && is_software(&info) {
            return Err(format!("its adapter, {}, is software, and the CPU backend is faster", name(&info)));
        }
        watch(&setup.device, on_trouble);
        check(&device).await?;
        let reason = "WebGPU works and a test product came out right".to_owned();
        let limits = limits(&setup.device.limits());
        Ok(Opened { device, info: DeviceInfo { kind: DeviceKind::Webgpu, name: name(&info), reason, limits } })
    }

    fn limits(device: &wgpu::Limits) -> Limits {
        let tensor = device.max_buffer_size.min(device.max_storage_buffer_binding_size);
        let heap = if cfg!(target_arch = "wasm32") { Limits::wasm_gpu(tensor).heap } else { None };
        Limits { heap, ..Limits::wasm_gpu(tensor) }
    }

    /// Whether the adapter computes on the CPU.
    fn is_software(info: &AdapterInfo) -> bool {
        let text = format!("{} {} {}", info.name, info.driver, info.driver_info).to_lowercase();
        let known = ["swiftshader", "llvmpipe", "lavapipe", "basic render"];
        info.device_type == DeviceType::Cpu || known.iter().any(|name| text.contains(name))
    }

    fn name(info: &AdapterInfo) -> String {
        let parts = [&info.name, &info.driver, &info.driver_info];
        let known: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        if known.is_empty() { "unnamed adapter".to_owned() } else { known.join(", ") }
    }

    fn watch(device: &wgpu::Device, on_trouble: impl OnTrouble) {
        let on_error = on_trouble.clone();
        device.set_device_lost_callback(move |reason, message| {
            if reason != wgpu::DeviceLostReason::Destroyed || !message.is_empty() {
                on_trouble(Trouble::Lost(format!("{reason:?} {message}").trim().to_owned()));
            }
        });
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| on_error(Trouble::Error(e.to_string()))));
    }

    /// A device whose shaders do not compile answers at once, with zeros.
    async fn check(device: &Device) -> Result<(), String> {
        let a = Tensor::<2>::from_data([[1.0, 2.0], [3.0, 4.0]], device);
        let data = a.clone().matmul(a).into_data_async().await.map_err(|e| format!("a test product failed: {e:?}"))?;
        let found: Vec<f32> = data.try_to_vec().map_err(|e| format!("a test product failed: {e:?}"))?;
        if found == [7.0, 10.0, 15.0, 22.0] { Ok(()) } else { Err(format!("a test product came out as {found:?}")) }
    }
}
