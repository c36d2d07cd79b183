using System.Collections.Immutable;
using System.Reflection;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Tests.Wire;

/// <summary>Any value of a contract type, made from a seed by its constructor and its settable properties, so that a property added later is tested without being named here.</summary>
internal sealed class RandomContracts(int seed)
{
    private static readonly NullabilityInfoContext Nullability = new();
#pragma warning disable RS0030 // Seeded, and the seed is in the failure's message.
    private readonly Random _random = new(seed);
#pragma warning restore RS0030

    public object Make(Type type)
    {
        if (Simple(type) is { } simple) return simple;
        if (type.IsEnum) return Pick(Enum.GetValues(type).Cast<object>().ToArray());
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)) return MakeArray(type.GetGenericArguments()[0]);
        if (type.IsAbstract) return Make(Pick(Derived(type)));
        return MakeObject(type);
    }

    private object? Simple(Type type)
    {
        if (type == typeof(bool)) return _random.Next(2) == 0;
        if (type == typeof(int)) return _random.Next(5) switch { 0 => 0, 1 => int.MinValue, 2 => int.MaxValue, _ => _random.Next() };
        if (type == typeof(long)) return _random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);
        if (type == typeof(ulong)) return unchecked((ulong)_random.NextInt64(long.MinValue, long.MaxValue)) >> _random.Next(64);
        if (type == typeof(float)) return BitConverter.Int32BitsToSingle(_random.Next(int.MinValue, int.MaxValue));
        if (type == typeof(string)) return string.Concat(Enumerable.Range(0, _random.Next(40)).Select(_ => Pick(["a", "é", "€", "😀", "\u001f", "\0"])));
        if (type == typeof(UInt128)) return new UInt128((ulong)_random.NextInt64(), (ulong)_random.NextInt64());
        if (type == typeof(Guid)) return new Guid(Enumerable.Range(0, 16).Select(_ => (byte)_random.Next(256)).ToArray());
        if (type == typeof(TimeSpan)) return new TimeSpan(_random.NextInt64(TimeSpan.TicksPerDay));
        if (type == typeof(DateTimeOffset)) return new DateTimeOffset(_random.NextInt64(DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
        if (type == typeof(VersionNumber)) return new VersionNumber(1 + _random.NextInt64(long.MaxValue - 1));
        if (type == typeof(TenantId)) return TenantId.Parse(Name());
        if (type == typeof(MemoryId)) return MemoryId.Parse(Name());
        if (type == typeof(SnapshotName)) return SnapshotName.Parse("s" + Name());
        if (type == typeof(ModelFingerprint)) return ModelFingerprint.Parse(string.Concat(Enumerable.Range(0, 64).Select(_ => "0123456789abcdef"[_random.Next(16)])));
        if (type == typeof(LatentDbException)) return new LatentDbException(Pick([ErrorCode.Overloaded, ErrorCode.TextTooLong]), Name()) { RetryAfter = _random.Next(2) == 0 ? null : TimeSpan.FromMilliseconds(_random.Next(100_000)) };
        return null;
    }

    private object MakeObject(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().Where(c => c.GetParameters() is not [var only] || only.ParameterType != type).MaxBy(c => c.GetParameters().Length)!;
        object value = constructor.Invoke([.. constructor.GetParameters().Select(p => Optional(p.ParameterType, IsNullable(type, p)))]);
        foreach (PropertyInfo property in type.GetProperties().Where(p => p.CanWrite && !constructor.GetParameters().Any(c => c.Name == p.Name)))
        {
            property.SetValue(value, Optional(property.PropertyType, Nullability.Create(property).WriteState == NullabilityState.Nullable));
        }

        return value;
    }

    /// <summary>A type parameter says nothing of null in itself, and the results that have one hold a value.</summary>
    private static bool IsNullable(Type type, ParameterInfo parameter)
    {
        bool isTypeParameter = type.IsGenericType && type.GetGenericTypeDefinition().GetConstructors()
            .SelectMany(c => c.GetParameters()).Any(p => p.Name == parameter.Name && p.ParameterType.IsGenericParameter);
        return !isTypeParameter && Nullability.Create(parameter).WriteState == NullabilityState.Nullable;
    }

    private object? Optional(Type type, bool isNullable)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        bool mayBeNull = isNullable || plain != type;
        return mayBeNull && _random.Next(3) == 0 ? null : Make(plain);
    }

    private object MakeArray(Type item)
    {
        Array items = Array.CreateInstance(item, _random.Next(4));
        for (int i = 0; i < items.Length; i++) items.SetValue(Optional(item, isNullable: false), i);
        return typeof(ImmutableArray).GetMethods().Single(m => m.Name == "Create" && m.GetParameters() is [{ ParameterType.IsArray: true }])
            .MakeGenericMethod(item).Invoke(null, [items])!;
    }

    private string Name() => "n" + string.Concat(Enumerable.Range(0, _random.Next(20)).Select(_ => "abcXYZ019._:@-"[_random.Next(14)]));

    private static Type[] Derived(Type root) => [.. root.Assembly.GetTypes().Where(t => t.IsSubclassOf(root) && !t.IsAbstract)];

    private T Pick<T>(T[] choices) => choices[_random.Next(choices.Length)];
}
