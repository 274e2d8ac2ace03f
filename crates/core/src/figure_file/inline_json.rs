//! JSON inside a figure's JSON, kept as text.
//!
//! A tree of values takes up to sixteen times the memory of its text, so none is made: what is read is written on at once.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, Serializer};

/// The text of some JSON, without white space. Keys keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineJson(String);

impl InlineJson {
    /// The JSON of a text.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn new(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for InlineJson {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut text = Vec::new();
        Pipe::new(from).serialize(&mut serde_json::Serializer::new(&mut text)).map_err(de::Error::custom)?;
        String::from_utf8(text).map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for InlineJson {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Pipe::new(&mut serde_json::Deserializer::from_str(&self.0)).serialize(to)
    }
}

/// What a deserializer reads, as something to be written. It can be written once.
struct Pipe<D>(Cell<Option<D>>);

impl<D> Pipe<D> {
    fn new(from: D) -> Self {
        Self(Cell::new(Some(from)))
    }
}

impl<'de, D: Deserializer<'de>> Serialize for Pipe<D> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let from = self.0.take().ok_or_else(|| ser::Error::custom("the JSON was read before"))?;
        from.deserialize_any(Sink(to)).map_err(ser::Error::custom)
    }
}

/// Writes what it is visited with.
struct Sink<S>(S);

impl<'de, S: Serializer> Visitor<'de> for Sink<S> {
    type Value = S::Ok;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Ok, E> {
        self.0.serialize_unit().map_err(E::custom)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<S::Ok, E> {
        self.0.serialize_bool(value).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<S::Ok, E> {
        self.0.serialize_i64(value).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<S::Ok, E> {
        self.0.serialize_u64(value).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<S::Ok, E> {
        self.0.serialize_f64(value).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<S::Ok, E> {
        self.0.serialize_str(value).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<S::Ok, A::Error> {
        let mut to = self.0.serialize_seq(None).map_err(de::Error::custom)?;
        while list.next_element_seed(Item(&mut to))?.is_some() {}
        to.end().map_err(de::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<S::Ok, A::Error> {
        let mut to = self.0.serialize_map(None).map_err(de::Error::custom)?;
        while let Some(key) = map.next_key::<String>()? {
            to.serialize_key(&key).map_err(de::Error::custom)?;
            map.next_value_seed(Value(&mut to))?;
        }
        to.end().map_err(de::Error::custom)
    }
}

/// The next item of a list that is being written.
struct Item<'a, S>(&'a mut S);

impl<'de, S: SerializeSeq> DeserializeSeed<'de> for Item<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.serialize_element(&Pipe::new(from)).map_err(de::Error::custom)
    }
}

/// The value of the last key of an object that is being written.
struct Value<'a, S>(&'a mut S);

impl<'de, S: SerializeMap> DeserializeSeed<'de> for Value<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.serialize_value(&Pipe::new(from)).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_what_it_is() {
        let text = r#"{"b":[1,-2,0.1,1e300,true,null,"a\"\n"],"a":{"":[]},"c":18446744073709551615}"#;
        let inline = InlineJson::new(&text.replace(',', " ,\n ")).unwrap();
        assert_eq!(inline.text(), text.replace("1e300", "1e+300"));
        assert_eq!(serde_json::to_string(&[&inline]).unwrap(), format!("[{}]", inline.text()));
        assert_eq!(InlineJson::new(inline.text()).unwrap(), inline);
    }

    #[test]
    fn deep_json_is_an_error_and_no_overflow() {
        let deep = "[".repeat(100_000);
        assert!(InlineJson::new(&deep).unwrap_err().to_string().contains("recursion limit"));
        let deepest = "[".repeat(127) + &"]".repeat(127);
        assert_eq!(InlineJson::new(&deepest).unwrap().text(), deepest);
        assert!(InlineJson::new("[1,]").is_err());
    }
}
