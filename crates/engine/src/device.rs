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

/// Opens a device. `on_trouble` is called when a GPU is lost or reports an error later on.
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

/// Called with trouble, from any thread.
pub trait OnTrouble: Fn(Trouble) + Clone + Send + Sync + 'static {}

impl<F: Fn(Trouble) + Clone + Send + Sync + 'static> OnTrouble for F {}

/// What a GPU can report at any time.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// It is gone, and everything on it. The text says why.
    Lost(String),
    /// An operation was refused: results since then cannot be trusted.
    Error(String),
}

fn cpu(reason: String) -> Opened {
    let name = if cfg!(target_arch = "wasm32") { "burn-flex" } else { "burn-flex, all cores" };
    let limits = if cfg!(target_arch = "wasm32") { Limits::WASM_CPU } else { Limits::default() };
    let info = DeviceInfo { kind: DeviceKind::Cpu, name: name.to_owned(), reason, limits, workers: 1 };
    Opened { device: Device::flex(), info }
}

/// Why there is no GPU, from the text of wgpu's error. Where a browser offers no adapter, that is a list of all backends that
/// were tried, over many lines.
#[cfg(any(feature = "gpu", test))]
fn no_gpu_text(error: &str) -> String {
    if error.contains("No adapter available") {
        let whose =
            if cfg!(target_arch = "wasm32") { "this browser offers no WebGPU" } else { "this machine has no adapter" };
        return format!("no GPU here: {whose}");
    }
    let first_line = error.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason was given");
    format!("no GPU could be opened: {first_line}")
}

/// Why an adapter is passed over that computes on the CPU; browsers need not name it.
#[cfg(any(feature = "gpu", test))]
fn software_text(name: Option<&str>) -> String {
    let adapter = name.map_or("its adapter".to_owned(), |name| format!("its adapter, {name},"));
    format!("{adapter} is software, and the CPU backend is faster")
}

/// Why a device was lost, from wgpu's name of the reason and its message, which often says the same again.
#[cfg(any(feature = "gpu", test))]
fn lost_text(reason: &str, message: &str) -> String {
    match (reason, message.trim()) {
        ("Destroyed", "") => "the device was destroyed".to_owned(),
        (_, "") => "no reason was given".to_owned(),
        (_, message) => message.trim_end_matches('.').to_owned(),
    }
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

    use super::{DeviceInfo, DeviceKind, Limits, OnTrouble, Opened, Trouble, lost_text, no_gpu_text, software_text};

    /// How many operations go into one submission to the GPU. burn's default of 32 would submit dozens of times a forward
    /// pass; a pass of GPT-2 small takes about 700 operations.
    const TASKS_MAX: usize = 256;

    pub async fn open(pass_over_software: bool, on_trouble: impl OnTrouble) -> Result<Opened, String> {
        let options = Device::wgpu_options().tasks_max(TASKS_MAX);
        let (device, setup) = options.init_with_setup_async().await.map_err(|e| no_gpu_text(&e.to_string()))?;
        let info = setup.adapter.get_info();
        if !setup.adapter.features().contains(Features::TIMESTAMP_QUERY) {
            return Err("its adapter has no timestamp queries, which burn needs".to_owned());
        }
        if pass_over_software && is_software(&info) {
            return Err(software_text(name(&info).as_deref()));
        }
        watch(&setup.device, on_trouble);
        check(&device).await?;
        let reason = "WebGPU works and a test product came out right".to_owned();
        let limits = limits(&setup.device.limits());
        let name = name(&info).unwrap_or_else(|| "unnamed adapter".to_owned());
        Ok(Opened { device, info: DeviceInfo { kind: DeviceKind::Webgpu, name, reason, limits, workers: 1 } })
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

    /// The adapter's name and its driver's, as far as they are known.
    fn name(info: &AdapterInfo) -> Option<String> {
        let fields = [&info.name, &info.driver, &info.driver_info];
        let known: Vec<_> = fields.into_iter().filter(|field| !field.is_empty()).map(String::as_str).collect();
        (!known.is_empty()).then(|| known.join(", "))
    }

    fn watch(device: &wgpu::Device, on_trouble: impl OnTrouble) {
        let on_error = on_trouble.clone();
        device.set_device_lost_callback(move |reason, message| {
            if reason != wgpu::DeviceLostReason::Destroyed || !message.is_empty() {
                on_trouble(Trouble::Lost(lost_text(&format!("{reason:?}"), &message)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_without_webgpu_is_said_in_one_line() {
        let line = "No adapter available for WgpuDevice { kind: DefaultDevice, index: 0 }";
        let text = no_gpu_text(&[line; 11].join("\n"));
        assert_eq!(text, "no GPU here: this machine has no adapter");
        assert_eq!(no_gpu_text("  \nlimits not met\nat a\n"), "no GPU could be opened: limits not met");
        assert_eq!(no_gpu_text(""), "no GPU could be opened: no reason was given");
    }

    #[test]
    fn a_software_adapter_is_named_where_it_has_a_name() {
        assert_eq!(software_text(None), "its adapter is software, and the CPU backend is faster");
        let named = software_text(Some("llvmpipe, Mesa"));
        assert_eq!(named, "its adapter, llvmpipe, Mesa, is software, and the CPU backend is faster");
    }

    #[test]
    fn a_lost_device_is_said_once() {
        assert_eq!(lost_text("Destroyed", "Device was destroyed."), "Device was destroyed");
        assert_eq!(lost_text("Destroyed", ""), "the device was destroyed");
        assert_eq!(lost_text("Unknown", " "), "no reason was given");
    }
}
