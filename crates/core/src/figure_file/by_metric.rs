//! A measurement as an object with a key for every metric that applies: `{"logitDiff": {"mean": …, "std": …, "quartiles": […]}}`.
//!
//! In memory it is a list in the order of [`Metric::ALL`]. A file outlives that order: metrics that are not known here are passed
//! over, and those that a file lacks do not apply.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};

use crate::measure::measurement::{Measured, Measurement};
use crate::measure::metric::Metric;

pub fn serialize<S: Serializer>(measurement: &Measurement, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    for metric in Metric::ALL {
        if let Some(measured) = measurement.get(metric) {
            map.serialize_entry(&metric, &measured)?;
        }
    }
    map.end()
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Measurement, D::Error> {
    from.deserialize_map(ByMetric)
}

struct ByMetric;

impl<'de> Visitor<'de> for ByMetric {
    type Value = Measurement;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Measurement, A::Error> {
        let mut all = [None; Metric::ALL.len()];
        while let Some(key) = map.next_key::<String>()? {
            match known(&key) {
                Some(metric) => all[metric.idx()] = map.next_value::<Option<Measured>>()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Measurement::of_all(all))
    }
}

/// The metric of a key in JSON.
pub(super) fn known(key: &str) -> Option<Metric> {
    let from: StrDeserializer<serde::de::value::Error> = StrDeserializer::new(key);
    Metric::deserialize(from).ok()
}
