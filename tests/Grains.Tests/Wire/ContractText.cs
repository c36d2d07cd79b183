using System.Collections;
using System.Globalization;
using System.Reflection;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Tests.Wire;

/// <summary>A contract value as text that is equal only for equal values: all public properties, to the bottom.</summary>
internal static class ContractText
{
    public static string Of(object? value) => value switch
    {
        null => "nil",
        string text => $"\"{text}\"",
        float number => BitConverter.SingleToInt32Bits(number).ToString(CultureInfo.InvariantCulture),
        LatentDbException error => $"{error.Code} {error.Message} {error.RetryAfter}",
        DateTimeOffset or TimeSpan or Guid or UInt128 or Enum => value.ToString()!,
        IConvertible number => number.ToString(CultureInfo.InvariantCulture),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Of))}]",
        _ => $"{value.GetType().Name}({string.Join(", ", Parts(value))})",
    };

    private static IEnumerable<string> Parts(object value) => value.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.GetIndexParameters().Length == 0)
        .Select(p => $"{p.Name}: {Of(p.GetValue(value))}");
}
