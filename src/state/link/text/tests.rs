//! Links come back from their text, whatever they hold; text from elsewhere does no harm.

use super::*;
use circuitscope_core::{AblationType, OutputSlice, PatchType, PromptSettings};
use circuitscope_picture::view::ViewOptions;

fn usual() -> Usual {
    Usual::default()
}

/// Numbers that differ from case to case and are the same in every run: Knuth's linear congruential generator (MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }

    fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}

const NAMES: [&str; 6] = ["A0.1", "MLP 12", "Resid Start", "a b,c&d=e.json", "100%+#.json", "größe.safetensors"];

fn any_file(dice: &mut Dice) -> LinkedFile {
    LinkedFile {
        role: dice.one_of(&ROLES).0,
        name: dice.one_of(&NAMES).to_owned(),
        n_bytes: dice.below(1 << 30) as u64 * 1000,
        hash: dice.maybe(|dice| FileHash::new(&[dice.below(256) as u8; 32])),
    }
}

fn any_edit(dice: &mut Dice) -> MaskEdit {
    let names = ["3:A0.1->MLP 1", "Resid Start->A1.0.Q", "MLP 0->Resid End"];
    let edge = match dice.coin() {
        true => EdgeRef::Idx(dice.below(200_000)),
        false => EdgeRef::Name(dice.one_of(&names).to_owned()),
    };
    MaskEdit { edge, mask: dice.below(1001) as f32 / 1000.0 }
}

fn any_run(dice: &mut Dice) -> RunSettings {
    let mut counts = EdgeCounts::RULES.to_vec();
    counts.extend([EdgeCounts::List(vec![0, 2, 77]), EdgeCounts::List(vec![5])]);
    RunSettings {
        factorized: dice.coin(),
        separate_qkv: dice.coin(),
        token_wise: dice.coin(),
        slice: dice.one_of(&OutputSlice::ALL),
        patch_type: dice.one_of(&PatchType::ALL),
        ablation: dice.one_of(&AblationType::ALL),
        reverse: dice.coin(),
        batch_size: dice.below(9),
        edge_counts: counts.swap_remove(dice.below(counts.len())),
    }
}

fn any_view(dice: &mut Dice) -> View {
    let options = ViewOptions {
        on_path_only: dice.coin(),
        focus: dice
            .maybe(|dice| Focus { name: NAMES[dice.below(3)].to_owned(), hops: dice.maybe(|dice| dice.below(4)) }),
        heads: dice.one_of(&HEADS).0,
        opened: dice.some(4, |dice| dice.below(48)).into_iter().collect(),
        closed: dice.some(4, |dice| dice.below(48)).into_iter().collect(),
        window: dice.maybe(|dice| dice.below(10)..11 + dice.below(10)),
        merge_ports: dice.coin(),
        all_positions: dice.coin(),
        differences_only: dice.coin(),
        ..ViewOptions::default()
    };
    View {
        look: dice.one_of(&Look::ALL),
        orientation: dice.one_of(&ORIENTATIONS).0,
        options,
        compact: dice.coin(),
        layer_spacing: dice.coin(),
        by_mask: dice.coin(),
    }
}

fn compared(dice: &mut Dice) -> LinkedCircuit {
    match dice.below(4) {
        0 => LinkedCircuit::Official,
        1 => LinkedCircuit::Demo,
        2 => LinkedCircuit::Size(dice.below(200_000)),
        _ => LinkedCircuit::File(LinkedFile { role: Role::Scores, ..any_file(dice) }),
    }
}

fn any_link(dice: &mut Dice) -> Link {
    Link {
        files: dice.some(4, any_file),
        texts: PromptSettings { prepend_bos: dice.coin(), pad: dice.coin() },
        pick: dice.maybe(|dice| dice.one_of(&NAMES).to_owned()),
        run: any_run(dice),
        requested: dice.maybe(|dice| dice.below(200_000)),
        edits: dice.some(5, any_edit),
        selection: dice.maybe(|dice| dice.one_of(&NAMES).to_owned()),
        view: any_view(dice),
        metric: dice.one_of(&Metric::ALL),
        log_y: dice.maybe(Dice::coin),
        prompt: dice.below(3),
        position: dice.below(3),
        drawer: dice.maybe(|dice| dice.one_of(&Drawer::ALL)),
        compare: dice.maybe(compared),
        compare_size: dice.maybe(|dice| dice.below(200_000)),
        find: dice.maybe(|dice| dice.one_of(&NAMES).to_owned()),
        find_fields: dice.some(3, |dice| ("find-steps".to_owned(), dice.one_of(&NAMES).to_owned())),
    }
}

#[test]
fn any_state_comes_back_from_its_fragment() {
    let mut dice = Dice(9);
    for _ in 0..500 {
        let link = any_link(&mut dice);
        for orientation in [Orientation::Horizontal, Orientation::Vertical] {
            let usual = Usual::of_demo(orientation);
            let text = link.write(&usual);
            assert_eq!(Link::read(&text, &usual), (link.clone(), Vec::new()), "{text}");
        }
    }
}

#[test]
fn what_is_as_usual_is_not_said() {
    for orientation in [Orientation::Horizontal, Orientation::Vertical] {
        let usual = Usual::of_demo(orientation);
        for text in ["", "#", "v=1"] {
            let (link, notes) = Link::read(text, &usual);
            assert_eq!((&link.run, link.view.orientation, notes), (&usual.example.run, orientation, Vec::new()));
            assert_eq!(link.write(&usual), "");
        }
    }
    let (mut link, _) = Link::read("", &usual());
    link.requested = Some(31);
    link.run.ablation = AblationType::Zero;
    link.edits = vec![MaskEdit { edge: EdgeRef::Name("MLP 0->A3.1.V".to_owned()), mask: 0.25 }];
    assert_eq!(link.write(&usual()), "v=1&ablation=zero&k=31&edge=MLP+0-%3EA3.1.V,0.25");
}

#[test]
fn a_model_of_ones_own_has_the_usual_settings_and_not_the_demos() {
    let (link, notes) = Link::read("config=-,12,config.json&k=3", &usual());
    assert_eq!((link.run, notes), (RunSettings::default(), Vec::new()));
    let (link, _) = Link::read("k=3&prompts=-,12,prompts.json", &usual());
    assert_eq!(link.run, crate::state::demo::settings().run);
}

#[test]
fn wrong_values_are_passed_over_one_by_one() {
    let rows = [
        ("k=-1", "`k` should be a number, found \"-1\""),
        ("k=99999999999999999999999", "`k` should be a number"),
        ("edge=A0.1->MLP 1,NaN", "`edge` should be an edge and its mask from 0 to 1"),
        ("edge=A0.1->MLP 1,1.5", "`edge` should be"),
        ("edge=,0", "`edge` should be a name"),
        ("config=0123,5,c.json", "`config` should be a hash or -, a size and a name"),
        ("config=-,5", "`config` should be"),
        ("weights=-,5,%00", "`weights` should be a name"),
        ("window=9-3", "`window` should be the first block"),
        ("opened=1,x", "`opened` should be a number"),
        ("batchSize=1.5", "`batchSize` should be a value of this setting"),
        ("ablation=none", "`ablation` should be a value of this setting"),
        ("tokenWise=1", "`tokenWise` should be a value"),
        ("edgeCounts=1,x", "`edgeCounts` should be"),
        ("measure=KL", "`measure` should be a measure such as"),
        ("path=yes", "`path` should be 0 or 1"),
        ("v=2", "`v` should be 1"),
    ];
    for (wrong, expected) in rows {
        let (link, notes) = Link::read(&format!("{wrong}&drawer=edges&reverse=true"), &usual());
        assert!(notes.len() == 1 && notes[0].starts_with(expected), "{wrong}: {notes:?}");
        let (right, _) = Link::read("drawer=edges&reverse=true", &usual());
        assert_eq!(link, right, "{wrong}");
    }
}

#[test]
fn hostile_fragments_are_no_more_than_notes() {
    let long = format!("k=3&select={}", "a".repeat(MAX_NAME + 1));
    let (link, notes) = Link::read(&long, &usual());
    assert_eq!((link.requested, link.selection), (Some(3), None));
    assert!(notes[0].len() < 2 * MAX_QUOTED);
    let many = "path=2&".repeat(10_000);
    assert_eq!(Link::read(&many, &usual()).1.len(), MAX_NOTES + 1);
    let huge = format!("k=3&x={}", "a".repeat(MAX_BYTES));
    let (link, notes) = Link::read(&huge, &usual());
    assert_eq!((link.write(&usual()), notes.len()), (String::new(), 1));
    for text in ["unknown=1&__proto__=2&constructor=3", "&&&==&=", "%%%&%F&+", "<script>alert(1)</script>"] {
        let (link, notes) = Link::read(text, &usual());
        assert_eq!((link.write(&usual()), notes), (String::new(), Vec::new()), "{text}");
    }
    // Whatever the signs are, something is read, and it comes back.
    let signs: Vec<char> = "kvedg=&%+#,->.0123456789AMLP ü\u{0}-".chars().collect();
    let mut dice = Dice(4);
    for _ in 0..2000 {
        let text: String = (0..40).map(|_| dice.one_of(&signs)).collect();
        let (link, _) = Link::read(&text, &usual());
        assert_eq!(Link::read(&link.write(&usual()), &usual()).0, link, "{text}");
    }
}
