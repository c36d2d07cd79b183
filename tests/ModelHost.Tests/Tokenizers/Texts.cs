using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace LatentDb.ModelHost.Tests.Tokenizers;

/// <summary>Generators of Unicode text, and the way properties are run: seeded, so that a failure repeats.</summary>
internal static class Texts
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20261120, 17);

    /// <summary>Any scalar value, the planes and the classes that matter for pre-tokenizers weighted up.</summary>
    public static Gen<Rune> AnyRune { get; } = Gen.Frequency(
        (6, Gen.Choose(0, 0x7F).Select(c => new Rune(c))),
        (1, Gen.Elements("'sStTmMdD \t\r\n".EnumerateRunes().ToArray())),
        (3, Gen.Choose(0x80, 0x2FFF).Select(c => new Rune(c))),
        (2, Gen.Choose(0x3000, 0xD7FF).Select(c => new Rune(c))),
        (1, Gen.Choose(0xE000, 0xFFFF).Select(c => new Rune(c))),
        (3, Gen.Choose(0x1_0000, 0x1_FFFF).Select(c => new Rune(c))),
        (1, Gen.Choose(0x2_0000, 0x10_FFFF).Select(c => new Rune(c))));

    public static Gen<string> AnyText { get; } = AnyRune.ListOf().Select(runes => string.Concat(runes.Select(r => r.ToString())));

    public static void ForAll<T>(Gen<T> generator, Action<T> assert) => Prop.ForAll(generator.ToArbitrary(), assert).Check(Seeded);
}
