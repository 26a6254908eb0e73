#pragma once

namespace bulkhead {

template <typename Signature>
class Callback;

/// A member function together with the object to call it on: two words, no heap.
template <typename Result, typename... Arguments>
class Callback<Result(Arguments...)> {
public:
    /// The object must outlive the callback.
    template <auto member, typename Object>
    [[nodiscard]] static constexpr Callback to(Object& object)
    {
        return Callback{&object, [](void* target, Arguments... arguments) {
                            return (static_cast<Object*>(target)->*member)(arguments...);
                        }};
    }

    Result operator()(Arguments... arguments) const { return function_(object_, arguments...); }

private:
    using Function = Result (*)(void*, Arguments...);

    constexpr Callback(void* object, Function function) : object_(object), function_(function) {}

    void* object_;
    Function function_;
};

} // namespace bulkhead
