using System.Globalization;
using System.Text;

namespace LatentDb.MemoryStore.Tests.MessagePack;

/// <summary>A document as a line of text that is equal only for equal documents; the peers print the same text of what they have read.</summary>
/// <param name="isJavaScript">JavaScript's numbers: integers of up to 32 bits are doubles, and every key of a map is a string.</param>
internal sealed class DocumentText(bool isJavaScript)
{
    public static DocumentText Python { get; } = new(isJavaScript: false);

    public static DocumentText JavaScript { get; } = new(isJavaScript: true);

    public string Of(object? document) => document switch
    {
        null => "nil",
        bool value => value ? "true" : "false",
        long value => isJavaScript && value is >= int.MinValue and <= uint.MaxValue ? Number(value) : string.Create(CultureInfo.InvariantCulture, $"i{value}"),
        ulong value => string.Create(CultureInfo.InvariantCulture, $"i{value}"),
        float value => Number(value),
        double value => Number(value),
        string value => $"s{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value))}",
        byte[] value => $"b{Convert.ToHexStringLower(value)}",
        List<object?> items => $"[{string.Join(',', items.Select(Of))}]",
        List<KeyValuePair<object, object?>> pairs => $"{{{string.Join(',', pairs.Select(p => $"{KeyOf(p.Key)}:{Of(p.Value)}").Order(StringComparer.Ordinal))}}}",
        _ => throw new ArgumentException($"No document holds a {document.GetType()}.", nameof(document)),
    };

    private string KeyOf(object key) => isJavaScript && key is long number ? Of(number.ToString(CultureInfo.InvariantCulture)) : Of(key);

    private static string Number(double value) =>
        double.IsNaN(value) ? "fnan" : $"f{BitConverter.DoubleToUInt64Bits(value):x16}";
}
