//! How decisions are tested: tables for a reader, every case for certainty, random stories for what nobody thought of.

mod counter_plants;
mod counter_tables;
mod counter_words;
mod every_case;
mod every_life;
mod fees;
mod life;
mod plants;
mod sample;
mod stories;
mod story;
mod tables;
mod town;
mod town_stories;
mod words;
